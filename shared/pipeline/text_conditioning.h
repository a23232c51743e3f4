#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shared/base/stop_token.h"
#include "shared/models/clip_text_encoder.h"
#include "shared/models/t5_encoder.h"
#include "shared/pipeline/recent_values.h"
#include "shared/tensor/tensor.h"
#include "shared/tokenizer/clip_bpe.h"
#include "shared/tokenizer/t5_unigram.h"

namespace palimpsest {

/// What the transformer gets to know of a prompt.
struct TextConditioning {
  Tensor txt;                         ///< T5's last hidden states [text_tokens, context width]
  Tensor vec;                         ///< CLIP's pooled state [1, vector width]
  std::vector<std::string> warnings;  ///< what of it is not seen; each continues "the prompt …"
};

/// Both tokenizers and text encoders; remembers the last few prompts.
class TextConditioner {
 public:
  struct Parts {
    T5UnigramTokenizer t5_tokenizer;
    ClipBpeTokenizer clip_tokenizer;
    std::unique_ptr<T5Encoder> t5;
    std::unique_ptr<ClipTextEncoder> clip;
  };

  /// `text_tokens`: the length that prompts are padded to for T5; CLIP's is its tokenizer's.
  TextConditioner(Parts parts, int text_tokens);

  std::int64_t txt_width() const { return parts_.t5->config().d_model; }
  std::int64_t vec_width() const { return parts_.clip->config().hidden_size; }

  /// A prompt that is too long is cut at the token limits, and words that T5 has no tokens for become "unknown"; a
  /// warning quotes either. Padding is not masked. Errors: `cancelled`. Source: flux/modules/conditioner.py
  /// `HFEmbedder`.
  std::shared_ptr<const TextConditioning> encode(const std::string& prompt, const StopToken& stop);

 private:
  TextConditioning run_encoders(const std::string& prompt, const StopToken& stop);
  std::vector<std::string> warnings_of(const std::string& prompt) const;
  std::string unknown_words(const std::string& prompt) const;

  Parts parts_;
  int text_tokens_;
  RecentValues<std::string, TextConditioning> recent_{8};
};

}  // namespace palimpsest
