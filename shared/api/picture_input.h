#pragma once

#include <string>
#include <vector>

#include "shared/api/generation_request.h"
#include "shared/api/problem.h"

namespace palimpsest {

/// What may come as a picture.
struct PictureRules {
  std::size_t max_bytes = 0;           ///< of one file
  std::size_t max_data_url_bytes = 0;  ///< of one data URL, as written
  bool allow_urls = false;             ///< https addresses, which the caller then fetches
};

/// A picture from JSON: a data URL, or an object with image_url. Problems are appended, with `param` as their field.
void read_picture(const Json& json, const std::string& param, const std::string& pointer, const PictureRules& rules,
                  std::vector<InputPicture>& pictures, std::vector<Problem>& problems);

/// One or several of them: a single picture or an array.
void read_pictures(const Json& json, const std::string& param, const std::string& pointer, const PictureRules& rules,
                   std::vector<InputPicture>& pictures, std::vector<Problem>& problems);

/// A picture from a form: a file, or a data URL as text.
void read_picture(const FormField& field, const std::string& param, const PictureRules& rules,
                  std::vector<InputPicture>& pictures, std::vector<Problem>& problems);

}  // namespace palimpsest
