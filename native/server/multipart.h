#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "native/server/spooled_bytes.h"
#include "shared/api/generation_request.h"
#include "shared/base/result.h"

namespace palimpsest {

/// One part of a form. What it says about itself is the client's word: types are told by signatures elsewhere.
struct FormPart {
  std::string name;                      ///< of the field, `image[]` as it is
  std::optional<std::string> file_name;  ///< present: a file; for display only, no path is ever made of it
  std::string content_type;
  SpooledBytes content;
};

struct MultipartForm {
  std::vector<FormPart> parts;
};

/// The form as validation takes it, files read back into memory. Errors: PalimpsestError `spool_failed`, 507.
std::vector<FormField> form_fields(const MultipartForm& form);

struct MultipartLimits {
  std::size_t max_parts = 32;
  std::size_t max_part_headers = 8;
  std::size_t max_part_head_bytes = 4096;
  std::size_t max_field_bytes = std::size_t{64} << 10;  ///< of a part that is no file
  std::size_t max_memory_bytes = std::size_t{1} << 20;  ///< of a file; what is larger goes to the spool folder
  std::string spool_folder;                             ///< where such files lie, without a name, until read
};

/// The boundary of a `multipart/form-data` Content-Type: 1 to 70 of the bytes that RFC 2046 allows.
/// Errors: 415 for other types, 400 `invalid_multipart` for a missing, repeated or malformed boundary.
Result<std::string> multipart_boundary(std::string_view content_type);

/// Reads a form in whatever pieces it arrives. Errors are kept and end the reading: 400 `invalid_multipart`, 413
/// `field_too_large`, 507 `spool_failed`.  Source: RFC 7578 and RFC 2046 section 5.1.1, without preamble other than
/// empty, without nested forms and transfer encodings.
class MultipartParser {
 public:
  MultipartParser(const std::string& boundary, MultipartLimits limits);

  /// Returns false once there is an error; further bytes are then not looked at.
  bool feed(std::string_view bytes);

  /// The form, at the end of the body. Errors: those of feed, and `invalid_multipart` where the last boundary is
  /// missing.
  Result<MultipartForm> finish();

  const std::optional<Error>& error() const { return error_; }

 private:
  enum class State { first_boundary, after_boundary, part_head, content, epilogue };

  bool step();
  bool take_first_boundary();
  bool take_after_boundary();
  bool take_part_head();
  bool take_content();
  void read_part_head(std::string_view head);
  void read_disposition(std::string_view value);
  void append(std::string_view bytes);
  void refuse(Error error);

  std::string delimiter_;  // CR LF - - boundary
  MultipartLimits limits_;
  State state_ = State::first_boundary;
  std::string buffer_;  // bytes not yet understood; never more than a part's head or a delimiter beyond what was fed
  MultipartForm form_;
  std::optional<Error> error_;
};

}  // namespace palimpsest
