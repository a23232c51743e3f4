#include "shared/tokenizer/unicode.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace palimpsest {

namespace {

struct Range {
  char32_t first, last;
};
struct LowerRange {
  char32_t first, last, stride;
  std::int32_t delta;
};
struct ClassRange {
  char32_t first, last;
  std::uint8_t value;
};
// (composed, first, second) in kDecompositions, (first, second, composed) in kCompositions; sorted by the first
// columns.
struct Triple {
  char32_t a, b, c;
};

#include "shared/tokenizer/unicode_tables.inc"

// The row of a sorted table of ranges that holds c, or nullptr.
template <typename Row, std::size_t kRows>
const Row* find_range(const Row (&rows)[kRows], char32_t c) {
  const Row* row =
      std::lower_bound(std::begin(rows), std::end(rows), c, [](const Row& r, char32_t x) { return r.last < x; });
  return row != std::end(rows) && row->first <= c ? row : nullptr;
}

template <std::size_t kRows>
std::uint8_t class_of(const ClassRange (&rows)[kRows], char32_t c) {
  const ClassRange* row = find_range(rows, c);
  return row ? row->value : std::uint8_t{0};
}

constexpr char32_t kCapitalSigma = 0x3A3, kSigma = 0x3C3, kFinalSigma = 0x3C2;
constexpr char32_t kDottedCapitalI = 0x130, kDotAbove = 0x307;
enum SigmaContext : std::uint8_t { neither, cased, case_ignorable };

// Whether the nearest character of the range that does not count as case-ignorable is a cased one.
template <typename Iterator>
bool next_is_cased(Iterator begin, Iterator end) {
  for (Iterator it = begin; it != end; ++it) {
    const std::uint8_t context = class_of(kSigmaContext, *it);
    if (context != case_ignorable) return context == cased;
  }
  return false;
}

char32_t lower_sigma(std::u32string_view text, std::size_t at) {
  const bool after_cased = next_is_cased(std::make_reverse_iterator(text.begin() + at), text.rend());
  return after_cased && !next_is_cased(text.begin() + at + 1, text.end()) ? kFinalSigma : kSigma;
}

char32_t lower_simple(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  const LowerRange* row = find_range(kLower, c);
  return row && (c - row->first) % row->stride == 0 ? c + static_cast<char32_t>(row->delta) : c;
}

constexpr char32_t kHangulBase = 0xAC00, kLeadBase = 0x1100, kVowelBase = 0x1161, kTailBase = 0x11A7;
constexpr char32_t kLeads = 19, kVowels = 21, kTails = 28;

// Whether c lies in the count code points from base on.
bool within(char32_t c, char32_t base, char32_t count) {
  return c >= base && c - base < count;
}

void append_decomposed(std::u32string& out, char32_t c) {
  if (within(c, kHangulBase, kLeads * kVowels * kTails)) {
    const char32_t index = c - kHangulBase;
    out.push_back(kLeadBase + index / (kVowels * kTails));
    out.push_back(kVowelBase + index % (kVowels * kTails) / kTails);
    if (index % kTails != 0) out.push_back(kTailBase + index % kTails);
    return;
  }
  const Triple* row = std::lower_bound(std::begin(kDecompositions), std::end(kDecompositions), c,
                                       [](const Triple& r, char32_t x) { return r.a < x; });
  if (row == std::end(kDecompositions) || row->a != c) {
    out.push_back(c);
    return;
  }
  append_decomposed(out, row->b);
  if (row->c != 0) append_decomposed(out, row->c);
}

// Puts each run of combining marks into the order of their classes.
void order_marks(std::u32string& text) {
  const auto mark_class = [](char32_t c) { return class_of(kCombining, c); };
  for (auto run = text.begin(); run != text.end();) {
    if (mark_class(*run) == 0) {
      ++run;
      continue;
    }
    const auto end = std::find_if(run, text.end(), [&](char32_t c) { return mark_class(c) == 0; });
    std::stable_sort(run, end, [&](char32_t x, char32_t y) { return mark_class(x) < mark_class(y); });
    run = end;
  }
}

// What a starter and a following character compose to, or 0.
char32_t compose_pair(char32_t first, char32_t second) {
  if (within(first, kLeadBase, kLeads) && within(second, kVowelBase, kVowels)) {
    return kHangulBase + ((first - kLeadBase) * kVowels + (second - kVowelBase)) * kTails;
  }
  const bool is_lead_vowel =
      within(first, kHangulBase, kLeads * kVowels * kTails) && (first - kHangulBase) % kTails == 0;
  if (is_lead_vowel && within(second, kTailBase + 1, kTails - 1)) return first + (second - kTailBase);
  const auto key = std::pair(first, second);
  const Triple* row = std::lower_bound(std::begin(kCompositions), std::end(kCompositions), key,
                                       [](const Triple& r, const auto& k) { return std::pair(r.a, r.b) < k; });
  return row != std::end(kCompositions) && std::pair(row->a, row->b) == key ? row->c : 0;
}

// Composes a decomposed and ordered text in place.
void compose(std::u32string& text) {
  constexpr std::size_t kNone = std::u32string::npos;
  std::size_t starter = kNone, kept = 0;
  int last_class = 0;  // of the character kept last after the starter, 0 where that is the starter itself
  for (const char32_t c : text) {
    const int mark_class = class_of(kCombining, c);
    // A mark of the same class in between, or any starter, blocks the composition.
    const bool adjacent = starter != kNone && kept == starter + 1;
    if (starter != kNone && (adjacent || (last_class != 0 && last_class < mark_class))) {
      if (const char32_t composed = compose_pair(text[starter], c)) {
        text[starter] = composed;
        continue;
      }
    }
    if (mark_class == 0) starter = kept;
    last_class = mark_class;
    text[kept++] = c;
  }
  text.resize(kept);
}

}  // namespace

CharacterKind character_kind(char32_t c) {
  if (find_range(kLetters, c)) return CharacterKind::letter;
  if (find_range(kSpaces, c)) return CharacterKind::space;
  return find_range(kNumbers, c) ? CharacterKind::number : CharacterKind::other;
}

std::u32string lower_case(std::u32string_view text) {
  std::u32string lower;
  lower.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == kDottedCapitalI) {
      lower.append({U'i', kDotAbove});
    } else {
      lower.push_back(text[i] == kCapitalSigma ? lower_sigma(text, i) : lower_simple(text[i]));
    }
  }
  return lower;
}

std::u32string normalize_nfc(std::u32string_view text) {
  constexpr char32_t kFirstThatMayChange = 0x300;
  if (std::all_of(text.begin(), text.end(), [](char32_t c) { return c < kFirstThatMayChange; })) {
    return std::u32string(text);
  }
  std::u32string normal;
  normal.reserve(text.size());
  for (const char32_t c : text) append_decomposed(normal, c);
  order_marks(normal);
  compose(normal);
  return normal;
}

}  // namespace palimpsest
