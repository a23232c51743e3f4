#include "shared/tokenizer/unigram_normalizer.h"

#include "shared/tokenizer/code_points.h"
#include "shared/tokenizer/unigram_model.h"

namespace palimpsest {

namespace {

constexpr std::string_view kEscapedSpace = "\xE2\x96\x81";  // U+2581
constexpr std::string_view kReplacementBytes = "\xEF\xBF\xBD";

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

UnigramNormalizer::UnigramNormalizer(UnigramModel& model, PieceTrie user_defined)
    : charsmap_(std::move(model.charsmap)),
      user_defined_(std::move(user_defined)),
      add_dummy_prefix_(model.add_dummy_prefix),
      remove_extra_whitespaces_(model.remove_extra_whitespaces),
      space_(model.escape_whitespaces ? kEscapedSpace : " ") {}

std::pair<std::string_view, std::size_t> UnigramNormalizer::normalize_front(std::string_view text) const {
  std::size_t user_defined = 0;
  user_defined_.for_each_prefix(text, [&](std::size_t length, std::int32_t) { user_defined = length; });
  if (user_defined > 0) return {text.substr(0, user_defined), user_defined};
  if (const Charsmap::Match match = charsmap_.longest_match(text); match.size_bytes > 0) {
    return {match.replacement, match.size_bytes};
  }
  const DecodedCharacter character = decode_utf8_character(text);
  if (!character.valid) return {kReplacementBytes, 1};
  return {text.substr(0, character.size_bytes), character.size_bytes};
}

std::string_view UnigramNormalizer::without_leading_spaces(std::string_view text) const {
  while (!text.empty()) {
    const auto [normal, size] = normalize_front(text);
    if (normal != " ") break;
    text.remove_prefix(size);
  }
  return text;
}

void UnigramNormalizer::append(std::string& normal, std::string_view piece) const {
  for (const char byte : piece) {
    if (byte == ' ') {
      normal += space_;
    } else {
      normal += byte;
    }
  }
}

std::string UnigramNormalizer::normalize(std::string_view text) const {
  if (remove_extra_whitespaces_) text = without_leading_spaces(text);
  std::string normal;
  if (text.empty()) return normal;
  normal.reserve(text.size() * 3 / 2);
  if (add_dummy_prefix_) normal += space_;
  bool after_space = remove_extra_whitespaces_;
  while (!text.empty()) {
    auto [piece, size] = normalize_front(text);
    text.remove_prefix(size);
    while (after_space && !piece.empty() && piece.front() == ' ') piece.remove_prefix(1);
    if (piece.empty()) continue;  // what vanishes does not part two spaces
    append(normal, piece);
    after_space = remove_extra_whitespaces_ && piece.back() == ' ';
  }
  while (remove_extra_whitespaces_ && ends_with(normal, space_)) normal.resize(normal.size() - space_.size());
  return normal;
}

}  // namespace palimpsest
