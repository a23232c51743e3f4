#pragma once

#include <optional>
#include <string_view>

namespace palimpsest {

/// The kinds of picture files that are read and written.
enum class ImageFormat { png, jpeg, webp, gif, avif };

/// `png`, `jpeg`, `webp`, `gif`, `avif`.
std::string_view name_of(ImageFormat format);

/// `image/png` and so on.
std::string_view media_type_of(ImageFormat format);

/// The format of such a name; `jpg` is taken too.
std::optional<ImageFormat> parse_image_format(std::string_view name);

/// The format that the ending of a file's name asks for, in either case: `.png`, `.jpg`, `.jpeg`, `.webp`, `.gif`,
/// `.avif`.
std::optional<ImageFormat> image_format_of_path(std::string_view path);

/// The format of a file by its first bytes.
std::optional<ImageFormat> sniff_image_format(std::string_view file);

}  // namespace palimpsest
