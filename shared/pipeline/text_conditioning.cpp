#include "shared/pipeline/text_conditioning.h"

#include <algorithm>
#include <utility>

#include "shared/base/utf8.h"
#include "shared/pipeline/token_limit.h"

namespace palimpsest {
namespace {

template <typename Tokenizer>
std::string_view part_cut_off(const Tokenizer& tokenizer, std::string_view prompt, std::size_t max_tokens) {
  return part_beyond_limit(prompt, max_tokens, [&](std::string_view text) { return tokenizer.encode(text).size(); });
}

std::string quoted_part(std::string_view part) {
  return "'" + printable(part, 120) + "'";
}

}  // namespace

TextConditioner::TextConditioner(Parts parts, int text_tokens) : parts_(std::move(parts)), text_tokens_(text_tokens) {}

std::shared_ptr<const TextConditioning> TextConditioner::encode(const std::string& prompt, const StopToken& stop) {
  return recent_.get(prompt, [&] { return run_encoders(prompt, stop); });
}

TextConditioning TextConditioner::run_encoders(const std::string& prompt, const StopToken& stop) {
  TextConditioning conditioning;
  conditioning.warnings = warnings_of(prompt);
  conditioning.txt = parts_.t5->forward(parts_.t5_tokenizer.encode_padded(prompt, text_tokens_), stop);
  conditioning.vec = parts_.clip->forward(parts_.clip_tokenizer.encode_padded(prompt), stop);
  return conditioning;
}

std::vector<std::string> TextConditioner::warnings_of(const std::string& prompt) const {
  // The end takes one token of T5; begin and end take two of CLIP.
  const auto t5_limit = static_cast<std::size_t>(text_tokens_ - 1);
  const std::size_t clip_limit = parts_.clip_tokenizer.encode_padded({}).size() - 2;
  const std::string_view beyond_t5 = part_cut_off(parts_.t5_tokenizer, prompt, t5_limit);
  const std::string_view beyond_clip = part_cut_off(parts_.clip_tokenizer, prompt, clip_limit);
  std::vector<std::string> warnings;
  if (!beyond_t5.empty()) {
    warnings.push_back("is longer than the " + std::to_string(t5_limit) +
                       " tokens that the T5 encoder reads; cut off: " + quoted_part(beyond_t5));
  }
  if (!beyond_clip.empty()) {
    warnings.push_back("is longer than the " + std::to_string(clip_limit) +
                       " tokens that the CLIP encoder reads, which " +
                       (beyond_t5.empty() ? "leaves this to T5: " : "does not see: ") + quoted_part(beyond_clip));
  }
  if (const std::string unknown = unknown_words(prompt); !unknown.empty())
    warnings.push_back("has words that the T5 encoder has no tokens for: " + quoted_part(unknown));
  return warnings;
}

std::string TextConditioner::unknown_words(const std::string& prompt) const {
  constexpr std::string_view kSpace = " \t\r\n";
  std::string words;
  for (std::size_t begin = 0; (begin = prompt.find_first_not_of(kSpace, begin)) != std::string::npos;) {
    const std::string word = prompt.substr(begin, prompt.find_first_of(kSpace, begin) - begin);
    begin += word.size();
    const std::vector<std::int32_t> ids = parts_.t5_tokenizer.encode(word);
    if (std::find(ids.begin(), ids.end(), parts_.t5_tokenizer.unknown_id()) == ids.end()) continue;
    words += (words.empty() ? "" : " ") + word;
  }
  return words;
}

}  // namespace palimpsest
