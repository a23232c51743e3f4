// native/jobs: the queue of requests and who carries them out. Included by native/providers (only this header) and
// server; includes storage, api and image. Start here: everything that passes between a queue and a worker is plain
// data, so that a child process or another machine can stand behind the same interface.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "native/storage/image_store.h"
#include "native/storage/job_store.h"
#include "shared/api/wire_openai.h"
#include "shared/base/result.h"
#include "shared/image/image.h"

namespace palimpsest {

/// What a worker needs to carry out one job.
struct JobRequest {
  std::string id;
  std::string request;           ///< JSON text, as it was submitted
  std::vector<JobInput> inputs;  ///< encoded pictures, in the request's order
};

/// How far a job is.
struct JobProgress {
  std::string phase;  ///< such as `denoising`
  int step = 0;       ///< steps done
  int steps = 0;      ///< in all; 0 where the phase has no steps
  std::optional<double> seconds_left;
  std::optional<Image> preview;
};

/// One picture that a job made.
struct ResultPicture {
  NewImage image = {};  ///< encoded in the format asked for
  std::uint64_t seed = 0;
  std::optional<StoredImage> stored = {};  ///< the picture is in the store already, and `image` is empty
  std::string revised_prompt = {};         ///< what was drawn instead of the prompt; empty: the prompt
};

/// One try at one provider.
struct ProviderAttempt {
  std::string provider, endpoint, outcome;  ///< outcome: as CallState's names
  std::string error;                        ///< code; empty where it succeeded
  std::int64_t latency_ms = 0, cost_micros_usd = 0;
};

/// What a job that succeeded gives back.
struct JobResult {
  std::vector<ResultPicture> pictures;
  std::vector<std::string> warnings;
  std::vector<std::pair<std::string, double>> seconds;  ///< how long each phase took
  std::string model;                                    ///< who made the pictures
  std::string size_plan = {};                           ///< how pictures were resized, in words
  std::optional<Usage> usage = {};                      ///< tokens, where the worker counts them
  std::string provider = "local";                       ///< whose `model` it is
  std::int64_t cost_micros_usd = 0;
  std::vector<ProviderAttempt> attempts = {};
};

using JobOutcome = Result<JobResult>;
using JobProgressCallback = std::function<void(JobProgress)>;
using OutcomeCallback = std::function<void(JobOutcome)>;

/// Carries out jobs.
class Worker {
 public:
  virtual ~Worker() = default;

  /// Jobs stand in lanes, which do not wait for each other; the number of the lane that a request belongs in.
  virtual int lanes() const { return 1; }
  virtual int lane_of(const std::string& /*request*/) const { return 0; }

  /// How many jobs of one lane may be given to it at once.
  virtual int capacity(int lane) const = 0;

  /// Starts a job and returns at once. On threads of the worker, `progress` may be called any number of times and
  /// `done` is then called exactly once, with code `cancelled` where the job was stopped. Neither may throw.
  virtual void start(JobRequest request, JobProgressCallback progress, OutcomeCallback done) = 0;

  /// Asks a job to stop soon; fine where it has ended or was never started.
  virtual void cancel(const std::string& job_id) = 0;

  /// The same for a job that will be started again after the next start of the program.
  virtual void interrupt(const std::string& job_id) { cancel(job_id); }
};

}  // namespace palimpsest
