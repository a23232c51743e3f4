// The subcommands `generate` and `edit`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "native/cli/command.h"
#include "native/cli/exit_codes.h"
#include "native/cli/interrupt.h"
#include "native/cli/picture_options.h"
#include "native/cli/picture_output.h"
#include "native/cli/progress_bar.h"
#include "shared/base/json.h"
#include "shared/pipeline/kontext_pipeline.h"

namespace palimpsest {
namespace {

std::string label_of(const Progress& progress) {
  switch (progress.phase) {
    case Phase::encode_text:
      return "reading the prompt";
    case Phase::encode_image:
      return "reading the picture";
    case Phase::denoise:
      return progress.pictures > 1 ? fmt::format("drawing {} of {}", progress.picture + 1, progress.pictures)
                                   : std::string("drawing");
    case Phase::decode:
      return "finishing";
  }
  return "";
}

/// The request as it was run, for metadata and --json; all but the seed, which each picture has of its own.
Json describe(const ImageRequest& request, const PipelineResult& result, Engine& engine) {
  Json json;
  json.set("model", engine.model_name()).set("prompt", request.prompt);
  json.set("size", to_string(result.plan.output)).set("plan", result.plan.to_string()).set("steps", result.steps);
  if (engine.pipeline().transformer_config().guidance_embed) json.set("cfg_scale", result.guidance);
  if (!request.negative_prompt.empty()) {
    json.set("negative_prompt", request.negative_prompt).set("true_cfg_scale", request.true_cfg_scale);
  }
  json.set("rng", std::string(name_of(request.rng)));
  if (!request.images.empty()) json.set("fit", std::string(name_of(request.fit)));
  json.set("backend", std::string(engine.backend().name()));
  json.set("dtype", std::string(name_of(engine.backend().compute_dtype())));
  return json;
}

void print_json(Json json, const PictureOutput& output, const PipelineResult& result, double seconds) {
  Json::Array pictures;
  for (std::size_t i = 0; i < result.images.size(); ++i)
    pictures.push_back(Json().set("path", output.path(i)).set("seed", result.images[i].seed));
  json.set("pictures", std::move(pictures));
  json.set("warnings", Json::Array(result.warnings.begin(), result.warnings.end()));
  const PhaseSeconds& phases = result.seconds;
  json.set("seconds", Json()
                          .set("encode_text", phases.encode_text)
                          .set("encode_image", phases.encode_image)
                          .set("denoise", phases.denoise)
                          .set("decode", phases.decode)
                          .set("total", seconds));
  fmt::print("{}\n", json.dump());
}

void print_report(const PictureOutput& output, const PipelineResult& result, const std::string& model, double seconds) {
  for (const std::string& warning : result.warnings) fmt::print(stderr, "note: {}\n", warning);
  for (std::size_t i = 0; i < result.images.size(); ++i)
    fmt::print("{}  {}  seed {}\n", output.path(i), to_string(result.images[i].image.size()), result.images[i].seed);
  fmt::print("{}, {}, {} {}, {}\n", model, result.plan.to_string(), result.steps, result.steps == 1 ? "step" : "steps",
             format_duration(seconds));
}

PipelineResult run_pipeline(Engine& engine, const ImageRequest& request, const PictureOutput& output, ProgressBar& bar,
                            const StopToken& stop) {
  const auto show = [&](const Progress& progress) {
    bar.update(label_of(progress), static_cast<int>(progress.step), static_cast<int>(progress.steps),
               progress.seconds_left);
    output.write_preview(progress);
  };
  engine.check_memory_for(request);
  return engine.pipeline().run(request, show, stop);
}

int run_picture(const PictureOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const ImageRequest request = request_of(options);
  const PictureOutput output(options);

  const StopToken stop;
  const InterruptScope interrupt(stop);
  ProgressBar bar(!options.quiet && !options.json);
  const auto show_loading = [&bar](std::uint64_t done, std::uint64_t total) {
    bar.update("loading", static_cast<int>(done * 100 / std::max<std::uint64_t>(total, 1)), 100, -1);
  };
  Engine engine(options.engine, show_loading, stop);
  const PipelineResult result = run_pipeline(engine, request, output, bar, stop);
  const Json description = describe(request, result, engine);
  for (std::size_t i = 0; i < result.images.size(); ++i)
    output.write(i, result.images[i].image, result.images[i].seed, description);
  bar.wipe();

  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (options.json) {
    print_json(description, output, result, seconds);
  } else if (!options.quiet) {
    print_report(output, result, engine.model_name(), seconds);
  }
  return kExitOk;
}

/// Writes positional arguments in the usage line by their names alone: CLI11 would add "(2x)" to those of `edit`.
class PlainPositionals : public CLI::Formatter {
 public:
  std::string make_option_usage(const CLI::Option* option) const override { return option->get_name(true); }
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_positional() ? "" : CLI::Formatter::make_option_opts(option);
  }
};

}  // namespace

void add_generate_command(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand("generate", "Makes a picture from a sentence");
  const auto options = std::make_shared<PictureOptions>();
  command->formatter(std::make_shared<PlainPositionals>());
  command->add_option("prompt", options->prompt, "What the picture shows")->required();
  add_picture_options(*command, *options);
  command->footer(examples_footer(
      "  palimpsest generate \"a red house beside a green tree at night, sign reads 'OPEN'\" -o night.png --seed 7\n"
      "  palimpsest generate \"a lighthouse at dusk\" -m /models/FLUX.1-Kontext-dev -s 1024x768 -n 4 -o light.webp"));
  command->callback([options, &action] { action = [options] { return run_picture(*options); }; });
}

void add_edit_command(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand("edit", "Changes a picture as a sentence says");
  const auto options = std::make_shared<PictureOptions>();
  // CLI11 cannot tell several pictures from the instruction behind them, so one list holds both.
  const auto words = std::make_shared<std::vector<std::string>>();
  command->formatter(std::make_shared<PlainPositionals>());
  command->add_option("picture... instruction", *words, "One to four pictures, then what to change");
  command->add_option("--fit", options->fit, "How a picture is brought to the model's size: stretch, pad or crop")
      ->capture_default_str();
  add_picture_options(*command, *options);
  command->footer(examples_footer(
      "  palimpsest edit night.png \"make the house blue\" -o blue.png\n"
      "  palimpsest edit photo.jpg \"add a starry night sky\" -m /models/FLUX.1-Kontext-dev -o starry.png"));
  command->callback([options, words, &action] {
    action = [options, words] {
      if (words->size() < 2) fail(codes::kInvalidValue, "edit needs a picture and, behind it, what to change");
      options->prompt = words->back();
      options->images.assign(words->begin(), words->end() - 1);
      return run_picture(*options);
    };
  });
}

}  // namespace palimpsest
