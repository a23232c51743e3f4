#include "native/storage/storage.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "native/storage/digest.h"
#include "tests/native/storage/stored_folder.h"
#include "tests/shared/tokenizer/refusal.h"

using namespace palimpsest;
using palimpsest::test::check_refused;
using palimpsest::test::new_job;
using palimpsest::test::StoredFolder;

namespace {

std::string request_of(const std::string& id) {
  return "{\"prompt\":\"" + id + "\"}";
}

/// Submits jobs with inputs and stores pictures from several threads, and names each to the parent once it has been
/// acknowledged: `j` or `i` and its id.
void load_until_killed(const std::string& folder, int pipe) {
  DataStore storage(folder);
  const auto acknowledge = [pipe](char kind, const std::string& id) {
    const std::string line = kind + id;
    if (::write(pipe, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::_exit(1);
  };
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (;;) {
        NewJob job = new_job();
        job.request = request_of(job.id);
        if (thread == 0) job.inputs = {{"image/png", job.id}};
        storage.write_and_wait([&](Database& database) { JobStore(database, storage.files()).submit(job, 1'000); });
        acknowledge('j', job.id);
        if (thread != 1) continue;
        std::string id;
        storage.write_and_wait([&](Database& database) {
          id = ImageStore(database, storage.files()).add({job.id, "image/png", {1, 1}}, unix_now()).id;
        });
        acknowledge('i', id);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

/// Runs load_until_killed in a child, kills it after `count` acknowledgements, and returns all that it sent.
std::vector<std::string> acknowledged_before_kill(const std::string& folder, std::size_t count) {
  std::array<int, 2> ends;
  REQUIRE(::pipe(ends.data()) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(ends[0]);
    load_until_killed(folder, ends[1]);
    ::_exit(0);
  }
  ::close(ends[1]);
  constexpr std::size_t kLine = 27;
  std::string received;
  std::array<char, 4'096> buffer;
  bool killed = false;
  for (ssize_t size = 0; (size = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
    received.append(buffer.data(), static_cast<std::size_t>(size));
    if (!killed && received.size() / kLine >= count) {
      ::kill(child, SIGKILL);
      killed = true;
    }
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  std::vector<std::string> lines;
  for (std::size_t at = 0; at + kLine <= received.size(); at += kLine) lines.push_back(received.substr(at, kLine));
  return lines;
}

}  // namespace

TEST_CASE("what was acknowledged is there after the process is killed, and every file is named by a row") {
  palimpsest::testing::TemporaryFolder folder;
  for (std::size_t round = 0; round < 5; ++round) {
    CAPTURE(round);
    const auto lines = acknowledged_before_kill(folder.path("data"), 20 + 30 * round);
    CHECK(lines.size() >= 20);
    DataStore storage(folder.path("data"));
    storage.read([&](Database& database) {
      const JobStore jobs(database, storage.files());
      const ImageStore images(database, storage.files());
      for (const std::string& line : lines) {
        const std::string id = line.substr(1);
        if (line[0] == 'i') {
          CHECK_FALSE(images.bytes(id, unix_now()).empty());
          continue;
        }
        const auto job = jobs.find(id);
        REQUIRE(job.has_value());
        CHECK(job->request == request_of(id));
        for (const JobInput& input : jobs.inputs(id)) CHECK(input.bytes == id);
      }
      Rows rows = database.query("SELECT count(*) FROM files");
      REQUIRE(rows.next());
      CHECK(static_cast<std::size_t>(rows.integer(0)) == storage.files().list().size());
      return true;
    });
  }
}

TEST_CASE("a folder belongs to one process, and the second is told which") {
  StoredFolder data;
  check_refused("storage_in_use", "process " + std::to_string(::getpid()), [&] { DataStore second(data.path()); });
  data.reopen();
}

TEST_CASE("a file without a row, left by a crash, is deleted at the next start") {
  StoredFolder data;
  data.storage->files().put(content_digest("orphan"), "orphan");
  CHECK(data.storage->files().list().size() == 1);
  data.reopen();
  CHECK(data.storage->files().list().empty());
}

TEST_CASE("a file whose deletion a crash prevented is deleted at the next start") {
  StoredFolder data;
  const std::string digest = content_digest("given up");
  data.storage->files().put(digest, "given up");
  data.storage.reset();
  Database(data.path("palimpsest.sqlite")).run("INSERT INTO removed_files VALUES(?)", digest);
  data.reopen();
  CHECK(data.storage->files().list().empty());
}

TEST_CASE("a damaged database is refused at the start and left as it is") {
  StoredFolder data;
  for (int i = 0; i < 200; ++i) {
    const NewJob job = new_job();
    data.storage->write([job, &data](Database& database) { JobStore(database, data.storage->files()).submit(job, 1); },
                        [](const std::optional<Error>&) {});
  }
  data.storage->write_and_wait([](Database&) {});
  data.storage.reset();
  const std::string path = data.path("palimpsest.sqlite");
  const auto size = std::filesystem::file_size(path) / 2;
  std::filesystem::resize_file(path, size);
  check_refused("storage_damaged", path, [&] { DataStore damaged(data.path()); });
  CHECK(std::filesystem::file_size(path) == size);
}

TEST_CASE("closing folds the log into the file") {
  StoredFolder data;
  const NewJob job = new_job();
  data.storage->write_and_wait([&](Database& database) { JobStore(database, data.storage->files()).submit(job, 1); });
  CHECK(data.job(job.id).has_value());
  data.storage.reset();
  CHECK_FALSE(std::filesystem::exists(data.path("palimpsest.sqlite-wal")));
}

TEST_CASE("readers on several threads do not wait for a writer that is at work") {
  StoredFolder data;
  const NewJob job = new_job();
  data.storage->write_and_wait([&](Database& database) { JobStore(database, data.storage->files()).submit(job, 1); });
  std::thread reader;
  bool found = false;
  data.storage->write_and_wait([&](Database& database) {
    database.run("UPDATE jobs SET client = 'other'");
    reader = std::thread([&] { found = data.job(job.id)->client == "client"; });
    reader.join();  // would never come back if it waited for this change
  });
  CHECK(found);
}
