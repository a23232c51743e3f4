// What one frame of the page costs apart from the graphics card: panels, ImGui's layout and its lists of triangles, on
// the null platform. Not a test: run it by hand.
//   bench_panels
// Milliseconds of processor time for a frame of 1440x900: median and 99th of 100, over 2,000 frames.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "tests/web/page_fixture.h"

namespace palimpsest::testing {
namespace {

constexpr int kFrames = 2000, kRuns = 40;

double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

void measure(PageFixture& page, const char* name) {
  page.settle();
  std::vector<double> times;
  for (int i = 0; i < kFrames; ++i) {
    // Something is pointed at, and it is another thing each time.
    page.pointer.mouse_moved(static_cast<float>(i * 37 % 1440), static_cast<float>(i * 23 % 900));
    const double begin = cpu_ms();
    page.frame();
    times.push_back(cpu_ms() - begin);
  }
  std::sort(times.begin(), times.end());
  std::printf("%-34s median %.3f ms, 99 of 100 below %.3f ms\n", name, times[kFrames / 2], times[kFrames * 99 / 100]);
}

void run_once(PageFixture& page, int number) {
  page.type("prompt", "a red house by the sea, number " + std::to_string(number));
  page.click("submit");
  page.answer(200, "text/event-stream", completed("image_edit"));
  page.decode(64, 48);
}

}  // namespace

TEST_CASE("frames of the page") {
  PageFixture page;
  page.connect();
  measure(page, "empty");
  page.give_picture();
  for (int i = 0; i < kRuns; ++i) run_once(page, i);
  measure(page, "40 results, one compared");
  page.app.apply(SetSideTab{SideTab::code});
  measure(page, "40 results, code shown");
  for (int i = 0; i < 8; ++i) page.click("submit");
  measure(page, "40 results, 8 runs in the queue");
}

}  // namespace palimpsest::testing
