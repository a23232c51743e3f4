#include "shared/weights/safetensors_header.h"

#include <algorithm>
#include <array>
#include <optional>

#include "shared/base/json_events.h"
#include "shared/base/utf8.h"
#include "shared/tensor/shape.h"

namespace palimpsest {
namespace {

constexpr std::size_t kLengthFieldBytes = 8;
constexpr std::size_t kMaxTensors = 65'536;
constexpr std::size_t kMaxNameBytes = 512;
constexpr std::size_t kMaxMetadataBytes = std::size_t{16} << 20;
constexpr int kMaxDepth = 4;

struct DTypeSpelling {
  std::string_view name;
  DType dtype;
};
constexpr std::array<DTypeSpelling, 20> kDTypes = {{
    {"BOOL", DType::boolean},    {"U8", DType::u8},           {"I8", DType::i8},           {"F8_E4M3", DType::f8_e4m3},
    {"F8_E5M2", DType::f8_e5m2}, {"F8_E8M0", DType::f8_e8m0}, {"F6_E2M3", DType::f6_e2m3}, {"F6_E3M2", DType::f6_e3m2},
    {"F4", DType::f4},           {"I16", DType::i16},         {"U16", DType::u16},         {"F16", DType::f16},
    {"BF16", DType::bf16},       {"I32", DType::i32},         {"U32", DType::u32},         {"F32", DType::f32},
    {"I64", DType::i64},         {"U64", DType::u64},         {"F64", DType::f64},         {"C64", DType::c64},
}};

std::string known_dtypes() {
  std::string list;
  for (const DTypeSpelling& spelling : kDTypes) list += (list.empty() ? "" : ", ") + std::string(spelling.name);
  return list;
}

std::string quoted(std::string_view text) {
  return "\"" + printable(text, 80) + "\"";
}

/// Follows the header through its four levels: root, entry, field, list.
class HeaderReader final : public JsonEvents {
 public:
  bool begin_object(std::size_t offset) override {
    at_ = offset;
    switch (state_) {
      case State::start:
        return go(State::root);
      case State::entry_start:
        return go(State::entry);
      case State::metadata_start:
        metadata_begin_ = offset - 1;
        return go(State::metadata);
      default:
        return unexpected("an object");
    }
  }

  bool key(std::string name, std::size_t offset) override {
    at_ = offset;
    switch (state_) {
      case State::root:
        return name == "__metadata__" ? begin_metadata() : begin_entry(name);
      case State::entry:
        return begin_field(name);
      default:  // a key of the metadata; parse_json looks at those once their size is known
        return go(State::metadata_value);
    }
  }

  bool end_object(std::size_t offset) override {
    at_ = offset;
    switch (state_) {
      case State::entry:
        return end_entry();
      case State::metadata:
        metadata_end_ = offset;
        return check_metadata_size() && go(State::root);
      default:
        return true;
    }
  }

  bool begin_array(std::size_t offset) override {
    at_ = offset;
    if (state_ == State::shape_start) return go(State::shape);
    if (state_ == State::offsets_start) return go(State::offsets);
    return unexpected("a list");
  }

  bool end_array(std::size_t offset) override {
    at_ = offset;
    if (state_ == State::offsets && offset_count_ != 2)
      return refuse("MODEL_TENSOR_INFO", "data_offsets has " + std::to_string(offset_count_) + " numbers instead of 2");
    return go(State::entry);
  }

  bool scalar(Json value, std::size_t offset) override {
    at_ = offset;
    switch (state_) {
      case State::dtype:
        return read_dtype(value);
      case State::shape:
        return read_dim(value);
      case State::offsets:
        return read_offset(value);
      case State::metadata_value:
        if (!value.is_string()) return refuse("MODEL_METADATA", "a value of __metadata__ is not a string");
        return check_metadata_size() && go(State::metadata);
      default:
        return unexpected("a plain value");
    }
  }

  const std::optional<Error>& error() const { return error_; }

  SafetensorsHeader take(std::string_view text) && {
    if (has_metadata_) read_metadata(text.substr(metadata_begin_, metadata_end_ - metadata_begin_));
    return std::move(header_);
  }

 private:
  enum class State {
    start,
    root,
    entry_start,
    entry,
    dtype,
    shape_start,
    shape,
    offsets_start,
    offsets,
    metadata_start,
    metadata,
    metadata_value
  };

  bool go(State next) {
    state_ = next;
    return true;
  }

  bool refuse(const char* code, const std::string& problem) {
    const bool in_entry = state_ >= State::entry_start && state_ <= State::offsets;
    const std::string subject = in_entry ? "tensor " + quoted(header_.name_of(entry_)) + ": " : "";
    error_ = Error{code, "byte " + std::to_string(kLengthFieldBytes + at_) + ": " + subject + problem};
    return false;
  }

  bool unexpected(const std::string& thing) {
    switch (state_) {
      case State::start:
        return refuse("MODEL_HEADER_JSON", "the header is " + thing + ", not an object");
      case State::metadata_start:
        return refuse("MODEL_METADATA", "__metadata__ is " + thing + ", not an object");
      case State::metadata_value:
        return refuse("MODEL_METADATA", "a value of __metadata__ is " + thing + ", not a string");
      default:
        return refuse("MODEL_TENSOR_INFO", thing + " where none belongs");
    }
  }

  bool begin_metadata() {
    if (has_metadata_) return refuse("MODEL_DUPLICATE_KEY", "__metadata__ occurs twice");
    has_metadata_ = true;
    return go(State::metadata_start);
  }

  bool begin_entry(const std::string& name) {
    if (header_.entries.size() == kMaxTensors)
      return refuse("MODEL_LIMIT", "the file has more than " + std::to_string(kMaxTensors) + " tensors");
    if (name.empty()) return refuse("MODEL_TENSOR_NAME", "the name of a tensor is empty");
    if (name.size() > kMaxNameBytes)
      return refuse("MODEL_TENSOR_NAME", "the tensor name " + quoted(name) + " has " + std::to_string(name.size()) +
                                             " bytes; at most " + std::to_string(kMaxNameBytes) + " are allowed");
    if (has_control_characters(name))
      return refuse("MODEL_TENSOR_NAME", "the tensor name " + quoted(name) + " has control characters");
    entry_ = {};
    entry_.name_begin = static_cast<std::uint32_t>(header_.names.size());
    entry_.name_length = static_cast<std::uint16_t>(name.size());
    entry_.first_dim = static_cast<std::uint32_t>(header_.dims.size());
    header_.names += name;
    has_dtype_ = has_shape_ = has_offsets_ = false;
    return go(State::entry_start);
  }

  bool begin_field(const std::string& name) {
    if (name == "dtype") return begin_field_once(name, has_dtype_, State::dtype);
    if (name == "shape") return begin_field_once(name, has_shape_, State::shape_start);
    if (name == "data_offsets") return begin_field_once(name, has_offsets_, State::offsets_start);
    return refuse("MODEL_TENSOR_INFO", "unknown field " + quoted(name));
  }

  bool begin_field_once(const std::string& name, bool& seen, State next) {
    if (seen) return refuse("MODEL_DUPLICATE_KEY", "the field " + quoted(name) + " occurs twice");
    seen = true;
    offset_count_ = next == State::offsets_start ? 0 : offset_count_;
    return go(next);
  }

  bool end_entry() {
    for (const auto& [seen, name] :
         {std::pair(has_dtype_, "dtype"), std::pair(has_shape_, "shape"), std::pair(has_offsets_, "data_offsets")}) {
      if (!seen) return refuse("MODEL_TENSOR_INFO", std::string("the field ") + name + " is missing");
    }
    header_.entries.push_back(entry_);
    return go(State::root);
  }

  bool read_dtype(const Json& value) {
    if (!value.is_string()) return refuse("MODEL_TENSOR_INFO", "dtype is not a string");
    const std::string& name = *value.as_string();
    const auto* known =
        std::find_if(kDTypes.begin(), kDTypes.end(), [&](const auto& each) { return each.name == name; });
    if (known == kDTypes.end())
      return refuse("MODEL_DTYPE_UNSUPPORTED", "unknown dtype " + quoted(name) + "; known are " + known_dtypes());
    entry_.dtype = known->dtype;
    return go(State::entry);
  }

  bool read_dim(const Json& value) {
    std::uint64_t dim = 0;
    if (!value.to_uint64(dim))
      return refuse("MODEL_TENSOR_INFO", "the dimension " + quoted(value.dump()) + " is not a whole number from 0");
    if (entry_.rank == Shape::kMaxRank)
      return refuse("MODEL_TENSOR_INFO", "more than " + std::to_string(Shape::kMaxRank) + " dimensions");
    header_.dims.push_back(dim);
    ++entry_.rank;
    return true;
  }

  bool read_offset(const Json& value) {
    std::uint64_t offset = 0;
    if (!value.to_uint64(offset))
      return refuse("MODEL_TENSOR_INFO", "the offset " + quoted(value.dump()) + " is not a whole number from 0");
    if (offset_count_ == 2) return refuse("MODEL_TENSOR_INFO", "data_offsets has more than 2 numbers");
    (offset_count_++ == 0 ? entry_.begin : entry_.end) = offset;
    return true;
  }

  bool check_metadata_size() {
    if (at_ - metadata_begin_ <= kMaxMetadataBytes) return true;
    return refuse("MODEL_METADATA", "__metadata__ is larger than 16 MiB");
  }

  void read_metadata(std::string_view text) {
    Result<Json> metadata = parse_json(text);
    if (!metadata)
      refuse_json(metadata.error(), "__metadata__ from byte " + std::to_string(kLengthFieldBytes + metadata_begin_));
    header_.metadata = *metadata->as_object();
  }

  State state_ = State::start;
  SafetensorsHeader header_;
  SafetensorsHeader::Entry entry_;
  bool has_dtype_ = false, has_shape_ = false, has_offsets_ = false, has_metadata_ = false;
  int offset_count_ = 0;
  std::size_t at_ = 0;  // bytes of the header read so far
  std::size_t metadata_begin_ = 0, metadata_end_ = 0;
  std::optional<Error> error_;
};

}  // namespace

void refuse_json(const Error& problem, const std::string& where) {
  std::string_view code = "MODEL_HEADER_JSON";
  if (problem.code == "json_encoding") code = "MODEL_HEADER_ENCODING";
  if (problem.code == "json_duplicate_key") code = "MODEL_DUPLICATE_KEY";
  if (problem.code == "json_string_length") code = "MODEL_METADATA";  // no other string may be as long
  fail(code, where + ": " + problem.message);
}

SafetensorsHeader read_safetensors_header(std::string_view text) {
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
    fail("MODEL_HEADER_JSON", "byte " + std::to_string(kLengthFieldBytes + nul) + ": a NUL byte inside the header");
  const JsonLimits limits = {.max_bytes = text.size(),
                             .max_depth = kMaxDepth,
                             .max_values = text.size(),
                             .max_string_bytes = kMaxMetadataBytes};
  HeaderReader reader;
  auto problem = read_json_events(text, limits, reader);
  // A text that is no JSON at all is called that, whatever its first entries say.
  JsonEvents check_only;
  if (reader.error()) problem = read_json_events(text, limits, check_only);
  if (problem) refuse_json(*problem, "header from byte 8");
  if (reader.error()) throw PalimpsestError(*reader.error());
  return std::move(reader).take(text);
}

}  // namespace palimpsest
