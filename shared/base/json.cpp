#include "shared/base/json.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "shared/base/json_events.h"
#include "shared/base/json_number.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

/// Objects up to this many members are searched one by one; larger ones keep a set of their keys.
constexpr std::size_t kSmallObject = 16;

/// An array or object that is being read.
struct Level {
  bool is_object = false;
  Json::Array items = {};
  Json::Object members = {};
  std::unordered_set<std::string> keys = {};  // of objects above kSmallObject members

  bool add_key(std::string name) {
    if (members.size() == kSmallObject) {
      for (const auto& member : members) keys.insert(member.first);
    }
    if (!is_new(name)) return false;
    members.emplace_back(std::move(name), Json());
    return true;
  }

 private:
  bool is_new(const std::string& name) {
    if (members.size() >= kSmallObject) return keys.insert(name).second;
    for (const auto& member : members) {
      if (member.first == name) return false;
    }
    return true;
  }
};

/// Builds the value and refuses a key that occurs twice, also when it is spelled with escapes.
class ValueBuilder final : public JsonEvents {
 public:
  bool begin_object(std::size_t) override {
    levels_.push_back({.is_object = true});
    return true;
  }
  bool begin_array(std::size_t) override {
    levels_.push_back({});
    return true;
  }
  bool end_object(std::size_t) override { return close(Json(std::move(levels_.back().members))); }
  bool end_array(std::size_t) override { return close(Json(std::move(levels_.back().items))); }
  bool scalar(Json value, std::size_t) override { return put(std::move(value)); }

  bool key(std::string name, std::size_t offset) override {
    const std::string shown = printable(name);
    if (levels_.back().add_key(std::move(name))) return true;
    duplicate_ = Error{"json_duplicate_key",
                       "the key \"" + shown + "\" occurs twice, the second time before byte " + std::to_string(offset)};
    return false;
  }

  Result<Json> finish(std::optional<Error> problem) && {
    if (problem) return *std::move(problem);
    if (duplicate_) return *std::move(duplicate_);
    return std::move(root_);
  }

 private:
  bool close(Json value) {
    levels_.pop_back();
    return put(std::move(value));
  }

  bool put(Json value) {
    if (levels_.empty())
      root_ = std::move(value);
    else if (levels_.back().is_object)
      levels_.back().members.back().second = std::move(value);
    else
      levels_.back().items.push_back(std::move(value));
    return true;
  }

  std::vector<Level> levels_;
  Json root_;
  std::optional<Error> duplicate_;
};

bool needs_escape(char c) {
  return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

// Between escapes whole runs are copied: most of a large text is a picture in base64.
void write_valid(std::string_view text, std::string& out) {
  constexpr char kDigits[] = "0123456789abcdef";
  while (!text.empty()) {
    const auto escape = std::find_if(text.begin(), text.end(), needs_escape);
    const auto run = static_cast<std::size_t>(escape - text.begin());
    out += text.substr(0, run);
    if (run == text.size()) return;
    const char c = text[run];
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (c == '\n')
      out += "\\n";
    else
      out += {'\\', 'u', '0', '0', kDigits[c >> 4], kDigits[c & 15]};
    text.remove_prefix(run + 1);
  }
}

/// Every byte that is not UTF-8 is replaced, so that what is written can always be read again.
void write_string(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    const std::size_t valid = first_invalid_utf8(text);
    write_valid(text.substr(0, valid), out);
    if (valid == text.size()) break;
    out += "\xEF\xBF\xBD";
    text.remove_prefix(valid + 1);
  }
  out += '"';
}

class Writer {
 public:
  explicit Writer(int indent) : indent_(indent) {}

  void write(const Json& json) {
    std::int64_t small = 0;
    std::uint64_t large = 0;
    double number = 0;
    if (json.is_null()) {
      text_ += "null";
    } else if (const bool* boolean = json.as_bool()) {
      text_ += *boolean ? "true" : "false";
    } else if (json.to_int64(small)) {
      text_ += std::to_string(small);
    } else if (json.to_uint64(large)) {
      text_ += std::to_string(large);
    } else if (json.to_double(number)) {
      text_ += std::isfinite(number) ? json_number_text(number) : "null";  // JSON has no word for infinity
    } else if (const std::string* string = json.as_string()) {
      write_string(*string, text_);
    } else if (const Json::Array* array = json.as_array()) {
      write_all(*array, '[', ']', [this](const Json& item) { write(item); });
    } else {
      write_all(*json.as_object(), '{', '}', [this](const Json::Member& member) {
        write_string(member.first, text_);
        text_ += indent_ > 0 ? ": " : ":";
        write(member.second);
      });
    }
  }

  std::string take() && { return std::move(text_); }

 private:
  template <typename Items, typename WriteItem>
  void write_all(const Items& items, char open, char close, WriteItem write_item) {
    text_ += open;
    ++depth_;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) text_ += ',';
      new_line();
      write_item(items[i]);
    }
    --depth_;
    if (!items.empty()) new_line();
    text_ += close;
  }

  void new_line() {
    if (indent_ > 0) text_.append("\n").append(static_cast<std::size_t>(indent_ * depth_), ' ');
  }

  std::string text_;
  int indent_;
  int depth_ = 0;
};

}  // namespace

Json::Json(std::uint64_t value) {
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    value_ = static_cast<std::int64_t>(value);
  else
    value_ = value;
}

bool Json::to_int64(std::int64_t& out) const {
  const auto* value = std::get_if<std::int64_t>(&value_);
  if (value != nullptr) out = *value;
  return value != nullptr;
}

bool Json::to_uint64(std::uint64_t& out) const {
  if (const auto* large = std::get_if<std::uint64_t>(&value_)) {
    out = *large;
    return true;
  }
  const auto* value = std::get_if<std::int64_t>(&value_);
  if (value == nullptr || *value < 0) return false;
  out = static_cast<std::uint64_t>(*value);
  return true;
}

bool Json::to_double(double& out) const {
  if (const auto* number = std::get_if<double>(&value_))
    out = *number;
  else if (const auto* small = std::get_if<std::int64_t>(&value_))
    out = static_cast<double>(*small);
  else if (const auto* large = std::get_if<std::uint64_t>(&value_))
    out = static_cast<double>(*large);
  else
    return false;
  return true;
}

const Json* Json::find(std::string_view key) const {
  const Object* object = as_object();
  if (object == nullptr) return nullptr;
  for (const Member& member : *object) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

std::string Json::text(std::string_view key) const {
  const Json* member = find(key);
  const std::string* found = member == nullptr ? nullptr : member->as_string();
  return found == nullptr ? "" : *found;
}

Json& Json::set(std::string key, Json value) {
  if (is_null()) value_ = Object{};
  auto& object = std::get<Object>(value_);
  for (Member& member : object) {
    if (member.first == key) {
      member.second = std::move(value);
      return *this;
    }
  }
  object.emplace_back(std::move(key), std::move(value));
  return *this;
}

std::string Json::dump(int indent) const {
  Writer writer(indent);
  writer.write(*this);
  return std::move(writer).take();
}

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  ValueBuilder builder;
  std::optional<Error> problem = read_json_events(text, limits, builder);
  return std::move(builder).finish(std::move(problem));
}

}  // namespace palimpsest
