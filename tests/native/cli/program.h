// Runs the program as a shell would and keeps what it printed.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/native/checkpoint/temporary_folder.h"

namespace palimpsest::testing {

inline std::string read_whole_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

struct Outcome {
  int exit_code = -1;  ///< minus the signal where one ended the program
  std::string out, err;
};

/// One run of `palimpsest` in a folder.
class Program {
 public:
  Program(const std::string& folder, const std::vector<std::string>& arguments) {
    std::vector<std::string> words = {PALIMPSEST_PROGRAM};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const std::string out = printed_.path("out"), err = printed_.path("err");
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("fork failed");
    if (process_ == 0) run_child(folder.c_str(), out.c_str(), err.c_str(), argv.data());
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }

  void send(int signal) const { ::kill(process_, signal); }

  bool is_running() {
    int status = 0;
    if (process_ > 0 && ::waitpid(process_, &status, WNOHANG) == process_) end(status);
    return process_ > 0;
  }

  Outcome wait() {
    int status = 0;
    if (process_ > 0 && ::waitpid(process_, &status, 0) == process_) end(status);
    return {exit_code_, read_whole_file(printed_.path("out")), read_whole_file(printed_.path("err"))};
  }

 private:
  /// Between fork and exec only what is safe after a fork.
  [[noreturn]] static void run_child(const char* folder, const char* out, const char* err, char** argv) {
    const int out_file = ::open(out, O_WRONLY | O_CREAT, 0600), err_file = ::open(err, O_WRONLY | O_CREAT, 0600);
    if (::chdir(folder) == 0 && ::dup2(out_file, STDOUT_FILENO) >= 0 && ::dup2(err_file, STDERR_FILENO) >= 0)
      ::execv(argv[0], argv);
    ::_exit(127);
  }

  void end(int status) {
    exit_code_ = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    process_ = 0;
  }

  TemporaryFolder printed_;
  pid_t process_ = 0;
  int exit_code_ = -1;
};

inline Outcome run_program(const TemporaryFolder& folder, const std::vector<std::string>& arguments) {
  return Program(folder.path(), arguments).wait();
}

}  // namespace palimpsest::testing
