#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "native/storage/job_store.h"
#include "shared/api/generation_request.h"
#include "shared/api/problem.h"

namespace palimpsest {

/// One place that a job may be done at.
struct RouteStop {
  std::string endpoint;                ///< the catalogue's key, or `local/<checkpoint>`
  std::vector<Warning> warnings = {};  ///< what this one does not do as asked; a part of the answer if it answers
};

/// What a job is to do. Stored as text with the job, so that it can run after a restart.
struct GenerationJob {
  GenerationRequest request;          ///< when read back, without pictures: they are the job's inputs
  std::string checkpoint;             ///< name of the checkpoint that answers where the local engine does
  std::vector<Warning> warnings;      ///< found before it ran; a part of its answer
  std::vector<RouteStop> route = {};  ///< whom to ask, best first; empty: the local engine
};

/// The request's pictures in their order, then its mask.
std::vector<JobInput> job_inputs(const GenerationRequest& request);

/// Without pictures, and without the members that job_inputs carries.
Json to_json(const GenerationJob& job);

/// The job of such a text; `request.mask` is there, without bytes, where the last input is a mask.
/// Errors: PalimpsestError `internal_error` for what to_json does not write.
GenerationJob parse_generation_job(std::string_view text, const Catalog& catalog);

}  // namespace palimpsest
