#include "shared/api/size_choice.h"

#include <cmath>
#include <numeric>

#include "shared/api/size.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

constexpr std::size_t kMaxDigits = 5, kDecimals = 3;

// Reads up to kMaxDigits digits from the front; -1 where there are none.
std::int64_t take_digits(std::string_view& text, std::size_t max_digits) {
  std::int64_t value = 0;
  std::size_t count = 0;
  for (; count < text.size() && count < max_digits && text[count] >= '0' && text[count] <= '9'; ++count) {
    value = 10 * value + (text[count] - '0');
  }
  text.remove_prefix(count);
  return count == 0 ? -1 : value;
}

// A number in thousandths; -1 where there is none.
std::int64_t take_thousandths(std::string_view& text) {
  const std::int64_t whole = take_digits(text, kMaxDigits);
  if (whole < 0) return -1;
  std::int64_t fraction = 0;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    const std::size_t before = text.size();
    fraction = take_digits(text, kDecimals);
    if (fraction < 0) return -1;
    for (std::size_t digits = before - text.size(); digits < kDecimals; ++digits) fraction *= 10;
  }
  return 1000 * whole + fraction;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

Error invalid(const char* param, std::string_view text, const char* needed) {
  return {std::string(codes::kInvalidValue),
          std::string(param) + " is \"" + printable(text, 60) + "\"; " + needed + " is needed", param};
}

}  // namespace

std::string AspectRatio::to_string() const {
  return std::to_string(width) + ":" + std::to_string(height);
}

Result<AspectRatio> parse_aspect_ratio(std::string_view text) {
  std::string_view rest = text;
  const std::int64_t width = take_thousandths(rest);
  const bool has_colon = take(rest, ':');
  const std::int64_t height = take_thousandths(rest);
  if (width <= 0 || !has_colon || height <= 0 || !rest.empty()) {
    return invalid("aspect_ratio", text, "width:height, as 16:9,");
  }
  const std::int64_t divisor = std::gcd(width, height);
  return AspectRatio{width / divisor, height / divisor};
}

Result<SizeChoice> parse_size(std::string_view text) {
  if (text == "auto") return SizeChoice{};
  if (const Result<AspectRatio> ratio = parse_aspect_ratio(text)) return choice_of_ratio(*ratio);
  std::string_view rest = text;
  const std::int64_t width = take_digits(rest, kMaxDigits);
  const bool has_x = take(rest, 'x');
  const std::int64_t height = take_digits(rest, kMaxDigits);
  if (width < 0 || !has_x || height < 0 || !rest.empty()) {
    return invalid("size", text, "WIDTHxHEIGHT in pixels, a ratio as 16:9, or auto");
  }
  return SizeChoice{ImageSize{static_cast<int>(width), static_cast<int>(height)}, std::nullopt};
}

SizeChoice choice_of_ratio(const AspectRatio& ratio) {
  const ImageSize shape = {static_cast<int>(ratio.width), static_cast<int>(ratio.height)};
  return {nearest_in_ratio(shape, kontext_sizes()), ratio};
}

double distortion(const SizeChoice& choice) {
  if (!choice.ratio || !choice.size) return 0;
  const double wanted = static_cast<double>(choice.ratio->width) / static_cast<double>(choice.ratio->height);
  const double got = static_cast<double>(choice.size->width) / choice.size->height;
  return got > wanted ? got / wanted - 1 : wanted / got - 1;
}

}  // namespace palimpsest
