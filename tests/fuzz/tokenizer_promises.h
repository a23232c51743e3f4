#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "shared/tokenizer/clip_bpe.h"
#include "shared/tokenizer/t5_unigram.h"
#include "tests/fuzz/fuzz_input.h"

namespace palimpsest::testing {

inline const std::array<std::string, 4> kTexts = {"", "a red house </s><|endoftext|>",
                                                  "\xE2\x96\x81 \xC3\xA9\xCC\x81 \xFF 42", std::string(300, 'a')};

template <typename Ids>
void check_ids(const Ids& ids, std::int32_t vocab_size) {
  promise(std::all_of(ids.begin(), ids.end(), [&](std::int32_t id) { return id >= 0 && id < vocab_size; }));
}

/// Whatever a readable vocabulary says, no id leaves it and lengths are kept.
inline void check_tokenizer(const ClipBpeTokenizer& tokenizer) {
  for (const std::string& text : kTexts) {
    promise(tokenizer.encode_padded(text).size() == 77);
    check_ids(tokenizer.encode_padded(text), tokenizer.vocab_size());
    check_ids(tokenizer.encode(text), tokenizer.vocab_size());
  }
}

inline void check_tokenizer(const T5UnigramTokenizer& tokenizer) {
  for (const std::string& text : kTexts) {
    promise(tokenizer.encode_padded(text, 64).size() == 64);
    check_ids(tokenizer.encode_padded(text, 64), tokenizer.vocab_size());
    check_ids(tokenizer.encode(text), tokenizer.vocab_size());
    check_ids(tokenizer.encode_plain(text), tokenizer.vocab_size());
  }
}

}  // namespace palimpsest::testing
