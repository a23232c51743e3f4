// shared/tokenizer: text to token ids for the two text encoders: CLIP's byte-level BPE and T5's SentencePiece unigram.
// shared/pipeline and the native folders above it may include it; it includes shared/base only.
// Start with clip_bpe.h and t5_unigram.h, the two tokenizers; everything else here is one part of one of them:
// files (clip_vocabulary, unigram_model), Unicode (code_points, unicode, charsmap), search (pair_merges, piece_trie).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "shared/tokenizer/pair_merges.h"

namespace palimpsest {

/// Tokens and merges of a CLIP tokenizer, checked: ids are 0 … tokens - 1 without a gap, and every merge joins two
/// known tokens into a known one.
struct ClipVocabulary {
  std::unordered_map<std::string, std::int32_t> ids;
  PairMerges merges;
};

/// Reads `vocab.json` ({token: id}) and `merges.txt` ("left right" a line, by rank, after one `#version` line).
/// Errors: TOKENIZER_INVALID naming the file part: no JSON object, ids that are no integers, out of range or used
/// twice, tokens over 512 bytes, over 1,000,000 tokens, a merge line that is not two tokens, a merge with or of an
/// unknown token, the same pair twice.
ClipVocabulary read_clip_vocabulary(std::string_view vocab_json, std::string_view merges_text);

/// Reads the same from `tokenizer.json` (model.type BPE with end_of_word_suffix `</w>`; added_tokens join the tokens).
/// Errors: as above.
ClipVocabulary read_clip_tokenizer_json(std::string_view tokenizer_json);

}  // namespace palimpsest
