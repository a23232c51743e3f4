#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "native/cli/picture_options.h"
#include "native/imaging/encode.h"
#include "shared/base/json.h"
#include "shared/image/image.h"
#include "shared/pipeline/progress.h"

namespace palimpsest {

/// Where the pictures of one command go and how they are encoded.
class PictureOutput {
 public:
  /// Looks for whatever would keep the pictures from being written, so that no work is done in vain: errors are
  /// `invalid_value` for formats and qualities, `output_not_written` for folders. Makes the folder for previews.
  explicit PictureOutput(const PictureOptions& options);

  /// "out.png", or "out-1.png" and so on where there are several.
  std::string path(std::size_t index) const;

  /// Writes picture `index`; unless it was turned off, with `request` and the seed as text in the file.
  /// Errors: `output_not_written`, `image_not_encoded`.
  void write(std::size_t index, const Image& image, std::uint64_t seed, const Json& request) const;

  /// Writes the preview of a step, where there is one and previews were asked for.
  void write_preview(const Progress& progress) const;

 private:
  void check_encoding() const;
  void check_folder() const;
  void make_preview_folder() const;

  std::string path_, previews_;
  bool is_one_, is_edit_, with_metadata_;
  EncodeOptions encoding_;
};

}  // namespace palimpsest
