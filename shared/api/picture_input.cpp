#include "shared/api/picture_input.h"

#include <utility>

#include "shared/image/base64.h"
#include "shared/image/media_type.h"

namespace palimpsest {
namespace {

constexpr std::size_t kMaxUrlBytes = 2048;

// Where one picture comes from, for its problems.
struct Place {
  const std::string& param;
  std::string pointer;

  Problem problem(const char* code, const std::string& what, int status = 400) const {
    return {{code, param + " " + what, param, status}, pointer};
  }
};

void add_file(InputPicture picture, const Place& place, const PictureRules& rules, std::vector<InputPicture>& pictures,
              std::vector<Problem>& problems) {
  if (picture.bytes.size() > rules.max_bytes) {
    problems.push_back(place.problem("image_too_large",
                                     "has " + std::to_string(picture.bytes.size()) + " bytes; at most " +
                                         std::to_string(rules.max_bytes) + " are allowed",
                                     413));
    return;
  }
  picture.media_type = sniff_media_type(picture.bytes);
  if (picture.media_type.empty()) {
    problems.push_back(place.problem("invalid_image", "is not a picture; PNG, JPEG, GIF, WebP or AVIF is needed"));
    return;
  }
  pictures.push_back(std::move(picture));
}

void add_url(const std::string& url, const Place& place, const PictureRules& rules, std::vector<InputPicture>& pictures,
             std::vector<Problem>& problems) {
  if (url.rfind("https://", 0) == 0) {
    if (!rules.allow_urls) {
      problems.push_back(
          place.problem("image_url_refused", "is an address, and this server fetches none; send a data URL"));
    } else if (url.size() > kMaxUrlBytes) {
      problems.push_back(place.problem("invalid_value", "is an address of more than 2048 bytes"));
    } else {
      pictures.push_back({"", "", "", url});
    }
    return;
  }
  if (url.size() > rules.max_data_url_bytes) {
    problems.push_back(place.problem("image_too_large",
                                     "is a data URL of " + std::to_string(url.size()) + " characters; at most " +
                                         std::to_string(rules.max_data_url_bytes) + " are allowed",
                                     413));
    return;
  }
  Result<DataUrl> decoded = decode_data_url(url, rules.max_bytes);
  if (!decoded) {
    problems.push_back(
        place.problem(decoded.error().code.c_str(), decoded.error().message, decoded.error().http_status));
    return;
  }
  add_file({std::move(decoded->bytes), "", "", ""}, place, rules, pictures, problems);
}

}  // namespace

void read_picture(const Json& json, const std::string& param, const std::string& pointer, const PictureRules& rules,
                  std::vector<InputPicture>& pictures, std::vector<Problem>& problems) {
  const Place place{param, pointer};
  if (json.is_string()) return add_url(*json.as_string(), place, rules, pictures, problems);
  const Json* url = json.find("image_url");
  if (json.find("file_id") != nullptr) {
    problems.push_back(
        place.problem(codes::kUnsupportedParameter, "has a file_id; files are not kept here, send image_url"));
  } else if (url == nullptr || !url->is_string() || json.as_object()->size() != 1) {
    problems.push_back(place.problem(codes::kInvalidType, "must be a data URL or an object with image_url alone"));
  } else {
    add_url(*url->as_string(), {param, pointer + "/image_url"}, rules, pictures, problems);
  }
}

void read_pictures(const Json& json, const std::string& param, const std::string& pointer, const PictureRules& rules,
                   std::vector<InputPicture>& pictures, std::vector<Problem>& problems) {
  const Json::Array* items = json.as_array();
  if (items == nullptr) return read_picture(json, param, pointer, rules, pictures, problems);
  for (std::size_t i = 0; i < items->size(); ++i) {
    read_picture((*items)[i], param, pointer + "/" + std::to_string(i), rules, pictures, problems);
  }
}

void read_picture(const FormField& field, const std::string& param, const PictureRules& rules,
                  std::vector<InputPicture>& pictures, std::vector<Problem>& problems) {
  const Place place{param, "/" + param};
  if (!field.is_file) return add_url(field.value, place, rules, pictures, problems);
  add_file({field.value, field.file_name, "", ""}, place, rules, pictures, problems);
}

}  // namespace palimpsest
