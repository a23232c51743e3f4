#include "shared/tokenizer/clip_vocabulary.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "shared/tokenizer/tokenizer_file.h"

namespace palimpsest {

namespace {

using Ids = std::unordered_map<std::string, std::int32_t>;

std::int32_t read_id(const std::string& part, const std::string& token, const Json* value) {
  std::int64_t id = -1;
  if (!value || !value->to_int64(id) || id < 0 || id >= static_cast<std::int64_t>(kMaxVocabularyTokens)) {
    refuse_tokenizer(part, "the id of token " + quoted(token) + " is not an integer from 0 to 999999");
  }
  return static_cast<std::int32_t>(id);
}

void add_token(Ids& ids, const std::string& part, const std::string& token, std::int32_t id) {
  if (token.empty() || token.size() > kMaxTokenBytes) {
    refuse_tokenizer(part, "token " + std::to_string(id) + " has " + std::to_string(token.size()) +
                               " bytes; from 1 to 512 are allowed");
  }
  const auto [entry, is_new] = ids.emplace(token, id);
  if (!is_new && entry->second != id) refuse_tokenizer(part, "token " + quoted(token) + " has two ids");
}

Ids read_ids(const std::string& part, const Json* vocab) {
  const Json::Object* members = vocab ? vocab->as_object() : nullptr;
  if (!members) refuse_tokenizer(part, "the vocabulary is not an object of token and id");
  if (members->size() > kMaxVocabularyTokens) refuse_tokenizer(part, "more than 1000000 tokens");
  Ids ids;
  ids.reserve(members->size());
  for (const auto& [token, id] : *members) add_token(ids, part, token, read_id(part, token, &id));
  return ids;
}

void read_added_tokens(Ids& ids, const Json* added_tokens) {
  const std::string part = "tokenizer.json added_tokens";
  if (!added_tokens) return;
  if (!added_tokens->is_array()) refuse_tokenizer(part, "not an array");
  for (const Json& added : *added_tokens->as_array()) {
    const Json* content = added.find("content");
    const std::string* token = content ? content->as_string() : nullptr;
    if (!token) refuse_tokenizer(part, "an entry has no string 'content'");
    add_token(ids, part, *token, read_id(part, *token, added.find("id")));
  }
}

// With as many different ids as tokens, all below that number, every id names a token and every row of the embedding
// table that they select is one of the first.
void require_dense(const std::string& part, const Ids& ids) {
  std::vector<bool> taken(ids.size());
  for (const auto& [token, id] : ids) {
    const auto row = static_cast<std::size_t>(id);
    if (row >= ids.size()) {
      refuse_tokenizer(part, "token " + quoted(token) + " has id " + std::to_string(id) + ", but there are only " +
                                 std::to_string(ids.size()) + " tokens");
    }
    if (taken[row]) refuse_tokenizer(part, "id " + std::to_string(id) + " is given to two tokens");
    taken[row] = true;
  }
}

std::int32_t require_token(const Ids& ids, const std::string& part, const std::string& token, const char* role) {
  const auto found = ids.find(token);
  if (found == ids.end())
    refuse_tokenizer(part, std::string("the ") + role + " " + quoted(token) + " is not in the vocabulary");
  return found->second;
}

void add_merge(ClipVocabulary& vocabulary, const std::string& part, const std::string& left, const std::string& right) {
  const std::int32_t left_id = require_token(vocabulary.ids, part, left, "left token");
  const std::int32_t right_id = require_token(vocabulary.ids, part, right, "right token");
  const std::int32_t merged_id = require_token(vocabulary.ids, part, left + right, "merged token");
  if (!vocabulary.merges.add(left_id, right_id, merged_id)) {
    refuse_tokenizer(part, "pair " + quoted(left + " " + right) + " is merged a second time");
  }
}

void add_merge_line(ClipVocabulary& vocabulary, const std::string& part, std::string_view line) {
  const std::size_t space = line.find(' ');
  const bool is_pair = space != std::string_view::npos && space > 0 && space + 1 < line.size() &&
                       line.find(' ', space + 1) == std::string_view::npos;
  if (!is_pair) refuse_tokenizer(part, "not two tokens with one space between them");
  add_merge(vocabulary, part, std::string(line.substr(0, space)), std::string(line.substr(space + 1)));
}

void read_merges_text(ClipVocabulary& vocabulary, std::string_view text) {
  if (text.size() > kMaxTokenizerFileBytes) refuse_tokenizer("merges.txt", "more than 64 MiB");
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    // Only the first line may be a comment: "# #" further down is a merge.
    const bool is_version = number == 1 && line.find("#version") != std::string_view::npos;
    const bool is_last_blank = line.empty() && text.empty();
    if (!is_version && !is_last_blank) add_merge_line(vocabulary, "merges.txt line " + std::to_string(number), line);
  }
}

// An entry is "left right" or, in newer files, ["left", "right"].
void add_merge_entry(ClipVocabulary& vocabulary, const std::string& part, const Json& entry) {
  if (const std::string* line = entry.as_string()) return add_merge_line(vocabulary, part, *line);
  const Json::Array* pair = entry.as_array();
  if (!pair || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_string()) {
    refuse_tokenizer(part, "not a pair of tokens");
  }
  add_merge(vocabulary, part, *(*pair)[0].as_string(), *(*pair)[1].as_string());
}

void require_member(const Json& model, const char* name, const std::string& wanted) {
  const Json* member = model.find(name);
  if (!member || !member->is_string() || *member->as_string() != wanted) {
    refuse_tokenizer("tokenizer.json model", std::string("'") + name + "' is not \"" + wanted + "\"");
  }
}

}  // namespace

ClipVocabulary read_clip_vocabulary(std::string_view vocab_json, std::string_view merges_text) {
  const Json vocab = parse_tokenizer_json("vocab.json", vocab_json);
  ClipVocabulary vocabulary{.ids = read_ids("vocab.json", &vocab), .merges = {}};
  require_dense("vocab.json", vocabulary.ids);
  read_merges_text(vocabulary, merges_text);
  return vocabulary;
}

ClipVocabulary read_clip_tokenizer_json(std::string_view tokenizer_json) {
  const Json file = parse_tokenizer_json("tokenizer.json", tokenizer_json);
  const Json* model = file.find("model");
  if (!model) refuse_tokenizer("tokenizer.json", "there is no 'model'");
  require_member(*model, "type", "BPE");
  require_member(*model, "end_of_word_suffix", "</w>");

  ClipVocabulary vocabulary{.ids = read_ids("tokenizer.json model.vocab", model->find("vocab")), .merges = {}};
  read_added_tokens(vocabulary.ids, file.find("added_tokens"));
  require_dense("tokenizer.json model.vocab", vocabulary.ids);

  const Json* merges = model->find("merges");
  if (!merges || !merges->is_array()) refuse_tokenizer("tokenizer.json model.merges", "not an array");
  std::size_t rank = 0;
  for (const Json& entry : *merges->as_array()) {
    add_merge_entry(vocabulary, "tokenizer.json model.merges[" + std::to_string(rank++) + "]", entry);
  }
  return vocabulary;
}

}  // namespace palimpsest
