#include "shared/tokenizer/clip_bpe.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "shared/tokenizer/code_points.h"
#include "shared/tokenizer/tokenizer_file.h"
#include "shared/tokenizer/unicode.h"

namespace palimpsest {

namespace {

// The printable character that stands for each byte in the vocabulary: itself where it is printable Latin-1, otherwise
// the next one from U+0100 on. Source: transformers tokenization_clip.py `bytes_to_unicode`.
std::array<std::string, 256> byte_alphabet() {
  std::array<std::string, 256> alphabet;
  char32_t next_substitute = 0x100;
  for (char32_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
    append_utf8(alphabet[byte], printable ? byte : next_substitute++);
  }
  return alphabet;
}

std::u32string collapse_spaces(std::u32string_view text) {
  std::u32string collapsed;
  for (const char32_t c : text) {
    if (character_kind(c) != CharacterKind::space) {
      collapsed.push_back(c);
    } else if (!collapsed.empty() && collapsed.back() != U' ') {
      collapsed.push_back(U' ');
    }
  }
  if (!collapsed.empty() && collapsed.back() == U' ') collapsed.pop_back();
  return collapsed;
}

// Trap: the pattern ignores case, and U+0345's other case is the letter iota. So it is neither a letter nor "not a
// letter", no alternative takes it, and like a space it only parts words.
CharacterKind kind_in_pattern(char32_t c) {
  constexpr char32_t kCombiningIota = 0x345;
  return c == kCombiningIota ? CharacterKind::space : character_kind(c);
}

// Length of 's, 't, 're, 've, 'm, 'll or 'd at the front of a text, or 0.
std::size_t contraction_length(std::u32string_view text) {
  if (text.size() < 2 || text[0] != U'\'') return 0;
  // The pattern ignores case, and the long s is another case of s that lower-casing leaves alone.
  constexpr char32_t kLongS = 0x17F;
  if (std::u32string_view(U"stmd").find(text[1]) != std::u32string_view::npos || text[1] == kLongS) return 2;
  const std::u32string_view two = text.substr(1, 2);
  return two == U"re" || two == U"ve" || two == U"ll" ? 3 : 0;
}

// Length of the word at the front of a text that does not begin with a space: a contraction, a run of letters, one
// digit, or a run of anything else.
std::size_t word_length(std::u32string_view text) {
  if (const std::size_t length = contraction_length(text)) return length;
  const CharacterKind kind = kind_in_pattern(text[0]);
  if (kind == CharacterKind::number) return 1;
  const auto end = std::find_if(text.begin(), text.end(), [&](char32_t c) { return kind_in_pattern(c) != kind; });
  return static_cast<std::size_t>(end - text.begin());
}

}  // namespace

ClipBpeTokenizer ClipBpeTokenizer::from_files(std::string_view vocab_json, std::string_view merges_text,
                                              ClipBpeOptions options) {
  return {read_clip_vocabulary(vocab_json, merges_text), options};
}

ClipBpeTokenizer ClipBpeTokenizer::from_tokenizer_json(std::string_view tokenizer_json, ClipBpeOptions options) {
  return {read_clip_tokenizer_json(tokenizer_json), options};
}

ClipBpeTokenizer::ClipBpeTokenizer(ClipVocabulary vocabulary, const ClipBpeOptions& options)
    : vocabulary_(std::move(vocabulary)),
      max_length_(options.max_length),
      bos_(special_token(options.bos)),
      eos_(special_token(options.eos)),
      pad_id_(special_token(options.pad).id) {
  if (max_length_ < 2) {
    fail(codes::kInvalidValue, "[tokenizer] a CLIP prompt of " + std::to_string(max_length_) +
                                   " ids has no room for its begin and end; at least 2 are needed");
  }
  const auto id_or_pad = [&](const std::string& token) {
    const auto found = vocabulary_.ids.find(token);
    return found == vocabulary_.ids.end() ? pad_id_ : found->second;
  };
  const std::array<std::string, 256> alphabet = byte_alphabet();
  for (std::size_t byte = 0; byte < alphabet.size(); ++byte) {
    byte_ids_[byte] = id_or_pad(alphabet[byte]);
    last_byte_ids_[byte] = id_or_pad(alphabet[byte] + "</w>");
  }
}

ClipBpeTokenizer::SpecialToken ClipBpeTokenizer::special_token(const std::string& text) const {
  const auto found = vocabulary_.ids.find(text);
  if (text.empty() || found == vocabulary_.ids.end()) {
    refuse_tokenizer("vocabulary", "the special token " + quoted(text) + " is not in it");
  }
  return {text, found->second};
}

template <typename Character>
const ClipBpeTokenizer::SpecialToken* ClipBpeTokenizer::special_token_at(std::basic_string_view<Character> text) const {
  for (const SpecialToken* special : {&bos_, &eos_}) {
    const std::string& wanted = special->text;
    if (text.size() >= wanted.size() && std::equal(wanted.begin(), wanted.end(), text.begin())) return special;
  }
  return nullptr;
}

std::vector<std::int32_t> ClipBpeTokenizer::encode(std::string_view text) const {
  std::vector<std::int32_t> ids;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const SpecialToken* special = special_token_at(text.substr(at));
    if (!special) {
      ++at;
      continue;
    }
    encode_between_specials(text.substr(begin, at - begin), ids);
    ids.push_back(special->id);
    begin = at += special->text.size();
  }
  encode_between_specials(text.substr(begin), ids);
  return ids;
}

std::vector<std::int32_t> ClipBpeTokenizer::encode_padded(std::string_view text) const {
  const auto length = static_cast<std::size_t>(max_length_);
  const std::vector<std::int32_t> ids = encode(text);
  std::vector<std::int32_t> padded = {bos_.id};
  padded.insert(padded.end(), ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), length - 2)));
  padded.push_back(eos_.id);
  padded.resize(length, pad_id_);
  return padded;
}

void ClipBpeTokenizer::encode_between_specials(std::string_view text, std::vector<std::int32_t>& ids) const {
  const std::u32string normal = lower_case(collapse_spaces(normalize_nfc(decode_utf8(text))));
  std::u32string_view rest = normal;
  while (!rest.empty()) {
    if (kind_in_pattern(rest[0]) == CharacterKind::space) {
      rest.remove_prefix(1);
      continue;
    }
    // Written in capitals it is one only now, and only where a word may begin: the pattern's first alternatives.
    if (const SpecialToken* special = special_token_at(rest)) {
      ids.push_back(special->id);
      rest.remove_prefix(special->text.size());
      continue;
    }
    const std::size_t length = word_length(rest);
    encode_word(rest.substr(0, length), ids);
    rest.remove_prefix(length);
  }
}

void ClipBpeTokenizer::encode_word(std::u32string_view word, std::vector<std::int32_t>& ids) const {
  std::string bytes;
  for (const char32_t c : word) append_utf8(bytes, c);
  std::vector<std::int32_t> tokens;
  for (const char byte : bytes) tokens.push_back(byte_ids_[static_cast<unsigned char>(byte)]);
  tokens.back() = last_byte_ids_[static_cast<unsigned char>(bytes.back())];
  vocabulary_.merges.apply(tokens);
  ids.insert(ids.end(), tokens.begin(), tokens.end());
}

}  // namespace palimpsest
