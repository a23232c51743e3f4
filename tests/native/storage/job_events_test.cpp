#include "native/storage/job_events.h"

#include <doctest/doctest.h>

#include "tests/native/storage/stored_folder.h"

using namespace palimpsest;
using palimpsest::test::new_job;
using palimpsest::test::StoredFolder;

TEST_CASE("events are replayed after a number, and the newest are kept") {
  StoredFolder data;
  const NewJob job = new_job(), other = new_job();
  data.storage->write_and_wait([&](Database& database) {
    JobStore jobs(database, data.storage->files());
    jobs.submit(job, 1);
    jobs.submit(other, 1);
    JobEvents events(database);
    for (int i = 1; i <= 100; ++i) events.append(job.id, {i, "progress", std::to_string(i)});
    events.append(other.id, {5, "queued", "{}"});
  });
  data.reopen();
  data.storage->read([&](Database& database) {
    const JobEvents events(database);
    const auto all = events.after(job.id, 0);
    REQUIRE(all.size() == static_cast<std::size_t>(JobEvents::kKept));
    CHECK(all.front().sequence == 100 - JobEvents::kKept + 1);
    CHECK(all.back().data == "100");
    const auto last = events.after(job.id, 98);
    REQUIRE(last.size() == 2);
    CHECK(last[0].sequence == 99);
    CHECK(last[0].type == "progress");
    CHECK(events.after(other.id, 0).size() == 1);
    CHECK(events.after("nobody", 0).empty());
    return true;
  });
}

TEST_CASE("numbers after a restart are beyond all that can have been sent before") {
  StoredFolder data;
  const NewJob job = new_job();
  data.storage->write_and_wait([&](Database& database) {
    JobStore(database, data.storage->files()).submit(job, 1);
    JobEvents events(database);
    CHECK(events.next_sequence_after_restart(job.id) == JobEvents::kStride);
    events.append(job.id, {JobEvents::kStride + 17, "progress", "{}"});
    CHECK(events.next_sequence_after_restart(job.id) == 2 * JobEvents::kStride);
  });
}
