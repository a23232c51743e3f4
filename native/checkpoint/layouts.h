#pragma once

#include <string>
#include <vector>

#include "native/checkpoint/networks.h"
#include "native/checkpoint/weight_files.h"
#include "shared/base/json.h"

namespace palimpsest {

/// What the user named. Parts that are named on their own replace those of `model`.
struct CheckpointPaths {
  /// Folder in the layout of diffusers, or a file with all four networks.
  std::string model = {};
  /// Each a safetensors file, or a network's folder (weights and config.json).
  std::string transformer = {}, vae = {}, clip = {}, t5 = {};
  /// Folder with tokenizer/ and tokenizer_2/.
  std::string tokenizers = {};
};

/// One network: where its weights are and how they are called. Neither shapes nor configuration are checked here.
struct NetworkFiles {
  Weights weights;  ///< weights.tensors has the names without any prefix
  NetworkNames names = NetworkNames::bfl;
  Json config;  ///< config.json; null where the layout has none and the shapes must tell
};

/// Paths of the tokenizers' files; each tokenizer is complete in one of its two forms, the other one's are empty.
struct TokenizerFiles {
  std::string clip_vocab_json, clip_merges_txt;  ///< `vocab.json` and `merges.txt`
  std::string clip_tokenizer_json;               ///< `tokenizer.json`
  std::string t5_spiece_model;                   ///< `spiece.model`
  std::string t5_tokenizer_json;                 ///< `tokenizer.json`
};

/// A complete checkpoint, opened but not read: headers only.
struct Checkpoint {
  std::string name;  ///< what palimpsest.json says, or the folder's or file's name
  NetworkFiles transformer, autoencoder, clip, t5;
  TokenizerFiles tokenizers;
  Json scheduler;   ///< scheduler_config.json; null where there is none
  Json palimpsest;  ///< palimpsest.json, what only this program writes; null where there is none

  /// To be called once the weights were read and before they are used. Errors: `MODEL_CHANGED`.
  void check_unchanged() const;
};

/// Opens all parts. Errors, each naming the file: `MODEL_NOT_FOUND` with what was expected and what is there;
/// `MODEL_ARCH_MISMATCH` for a model of another family or a file that holds another network; `CONFIG_INVALID`; and
/// those of ModelFolder, choose_weight_set and SafetensorsView.
Checkpoint open_checkpoint(const CheckpointPaths& paths);

/// Opens one network from a safetensors file (which may hold others beside it) or from a network's folder.
/// Errors: as open_checkpoint.
NetworkFiles open_network(const std::string& path, NetworkKind kind);

/// The text of a tokenizer's file. Errors: as RegularFile::read, above 64 MiB.
std::string read_tokenizer_file(const std::string& path);

}  // namespace palimpsest
