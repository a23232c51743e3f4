#include "native/server/multipart.h"

#include <algorithm>
#include <map>

#include "native/server/http_types.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

Error invalid(std::string message) {
  return {"invalid_multipart", std::move(message)};
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// A header value of the form `value; name=token; name="quoted"`.
struct Parameters {
  std::string value;                          // lower case
  std::map<std::string, std::string> fields;  // names in lower case
};

// A quoted string from its opening quote on; moves `text` behind it. Only \" and \\ are escapes: browsers write a
// backslash in a file name as it is.
std::optional<std::string> take_quoted(std::string_view& text) {
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] == '\\' && (next == '"' || next == '\\')) {
      value += text[++i];
    } else if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    } else {
      value += text[i];
    }
  }
  return std::nullopt;
}

std::optional<std::string> take_value(std::string_view& text) {
  if (!text.empty() && text.front() == '"') return take_quoted(text);
  const std::size_t end = std::min(text.find(';'), text.size());
  std::string value(trimmed(text.substr(0, end)));
  text.remove_prefix(end);
  return value;
}

std::optional<Parameters> parse_parameters(std::string_view text) {
  Parameters result;
  const std::size_t first = std::min(text.find(';'), text.size());
  result.value = lower_case(trimmed(text.substr(0, first)));
  text.remove_prefix(first);
  while (!(text = trimmed(text)).empty()) {
    if (text.front() != ';') return std::nullopt;
    text = trimmed(text.substr(1));
    if (text.empty()) break;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || !is_token(text.substr(0, equals))) return std::nullopt;
    const std::string name = lower_case(text.substr(0, equals));
    text.remove_prefix(equals + 1);
    std::optional<std::string> value = take_value(text);
    if (!value || !result.fields.emplace(name, *std::move(value)).second) return std::nullopt;
  }
  return result;
}

bool is_boundary(const std::string& text) {
  constexpr std::string_view kMarks = "'()+_,-./:=? ";
  return !text.empty() && text.size() <= 70 && text.back() != ' ' && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

}  // namespace

Result<std::string> multipart_boundary(std::string_view content_type) {
  const std::optional<Parameters> type = parse_parameters(content_type);
  if (!type || type->value != "multipart/form-data") {
    if (type) return Error{"unsupported_media_type", "The form must be multipart/form-data", "", 415};
    return invalid("The Content-Type of the form is malformed");
  }
  const auto boundary = type->fields.find("boundary");
  if (boundary == type->fields.end() || !is_boundary(boundary->second)) {
    return invalid("The form's boundary must be 1 to 70 letters, digits or '()+_,-./:=? and not end in a space");
  }
  return boundary->second;
}

std::vector<FormField> form_fields(const MultipartForm& form) {
  std::vector<FormField> fields;
  for (const FormPart& part : form.parts) {
    fields.push_back({part.name, part.content.read(), part.file_name.has_value(), part.file_name.value_or("")});
  }
  return fields;
}

// The line end in front of the first boundary is the one that ends the request's head.
MultipartParser::MultipartParser(const std::string& boundary, MultipartLimits limits)
    : delimiter_("\r\n--" + boundary), limits_(std::move(limits)), buffer_("\r\n") {}

bool MultipartParser::feed(std::string_view bytes) {
  if (error_) return false;
  buffer_.append(bytes);
  try {
    while (!error_ && step()) {
    }
  } catch (const PalimpsestError& problem) {
    refuse(problem.error());
  }
  return !error_;
}

Result<MultipartForm> MultipartParser::finish() {
  if (error_) return *error_;
  if (state_ != State::epilogue) return invalid("The form ends before its last boundary");
  return std::move(form_);
}

// Goes one state on; false where that needs more bytes.
bool MultipartParser::step() {
  switch (state_) {
    case State::first_boundary:
      return take_first_boundary();
    case State::after_boundary:
      return take_after_boundary();
    case State::part_head:
      return take_part_head();
    case State::content:
      return take_content();
    case State::epilogue:
      buffer_.clear();
      return false;
  }
  return false;
}

bool MultipartParser::take_first_boundary() {
  const std::size_t seen = std::min(buffer_.size(), delimiter_.size());
  if (buffer_.compare(0, seen, delimiter_, 0, seen) != 0) refuse(invalid("The form does not begin with its boundary"));
  if (seen < delimiter_.size()) return false;
  buffer_.erase(0, seen);
  state_ = State::after_boundary;
  return true;
}

bool MultipartParser::take_after_boundary() {
  if (buffer_.size() < 2) return false;
  if (buffer_.compare(0, 2, "--") == 0) {
    state_ = State::epilogue;
  } else if (buffer_.compare(0, 2, "\r\n") != 0) {
    refuse(invalid("A boundary of the form is followed by neither a line end nor --"));
  } else if (form_.parts.size() == limits_.max_parts) {
    refuse(invalid("The form has more than " + std::to_string(limits_.max_parts) + " parts"));
  } else {
    state_ = State::part_head;
  }
  buffer_.erase(0, 2);
  return true;
}

bool MultipartParser::take_part_head() {
  const std::size_t end = buffer_.find("\r\n\r\n");
  if (std::min(end, buffer_.size()) > limits_.max_part_head_bytes) {
    refuse(invalid("The head of a part is larger than " + std::to_string(limits_.max_part_head_bytes) + " bytes"));
  }
  if (error_ || end == std::string::npos) return false;
  const std::string head = buffer_.substr(0, end);
  buffer_.erase(0, end + 4);
  read_part_head(head);
  state_ = State::content;
  return true;
}

void MultipartParser::read_part_head(std::string_view head) {
  form_.parts.emplace_back();
  bool has_disposition = false;
  std::size_t count = 0;
  for (std::size_t begin = 0; begin < head.size() && !error_; ++count) {
    const std::size_t end = std::min(head.find("\r\n", begin), head.size());
    const std::string_view line = head.substr(begin, end - begin);
    begin = end + 2;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) || !is_header_value(line)) {
      return refuse(invalid("A part has a malformed header"));
    }
    const std::string name = lower_case(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (name == "content-disposition") {
      if (has_disposition) return refuse(invalid("A part has two headers Content-Disposition"));
      has_disposition = true;
      read_disposition(value);
    } else if (name == "content-type") {
      form_.parts.back().content_type = lower_case(value);
      if (lower_case(value).rfind("multipart/", 0) == 0) refuse(invalid("Forms within forms are not understood"));
    } else if (name == "content-transfer-encoding" && lower_case(value) != "binary" && lower_case(value) != "8bit" &&
               lower_case(value) != "7bit") {
      refuse(invalid("Parts must not be encoded (Content-Transfer-Encoding)"));
    }
  }
  if (!error_ && count > limits_.max_part_headers) {
    refuse(invalid("A part has more than " + std::to_string(limits_.max_part_headers) + " headers"));
  }
  if (!error_ && !has_disposition) refuse(invalid("A part has no header Content-Disposition"));
}

void MultipartParser::read_disposition(std::string_view value) {
  const std::optional<Parameters> disposition = parse_parameters(value);
  if (!disposition || disposition->value != "form-data") {
    return refuse(invalid("A part's Content-Disposition must be form-data; name=\"…\""));
  }
  FormPart& part = form_.parts.back();
  const auto& fields = disposition->fields;
  if (const auto name = fields.find("name"); name != fields.end()) part.name = name->second;
  if (part.name.empty() || first_invalid_utf8(part.name) != part.name.size()) {
    return refuse(invalid("A part has no name, or one that is not UTF-8"));
  }
  // Some clients write names beyond ASCII as `filename*` only.
  for (const char* key : {"filename", "filename*"}) {
    const auto file = fields.find(key);
    if (file != fields.end() && !part.file_name) part.file_name = printable(file->second);
  }
  part.content =
      SpooledBytes(part.file_name ? limits_.max_memory_bytes : limits_.max_field_bytes, limits_.spool_folder);
}

bool MultipartParser::take_content() {
  const std::size_t found = buffer_.find(delimiter_);
  if (found != std::string::npos) {
    append(std::string_view(buffer_).substr(0, found));
    buffer_.erase(0, found + delimiter_.size());
    state_ = State::after_boundary;
    return true;
  }
  if (buffer_.size() >= delimiter_.size()) {
    const std::size_t certain = buffer_.size() - delimiter_.size() + 1;
    append(std::string_view(buffer_).substr(0, certain));
    buffer_.erase(0, certain);
  }
  return false;
}

void MultipartParser::append(std::string_view bytes) {
  FormPart& part = form_.parts.back();
  if (!part.file_name && part.content.size() + bytes.size() > limits_.max_field_bytes) {
    return refuse({"field_too_large",
                   "The field is larger than " + std::to_string(limits_.max_field_bytes) + " bytes; send it as a file",
                   part.name, 413});
  }
  part.content.append(bytes);
}

void MultipartParser::refuse(Error error) {
  if (!error_) error_ = std::move(error);
}

}  // namespace palimpsest
