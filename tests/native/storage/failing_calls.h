#pragma once

namespace palimpsest::test {

/// System calls that this test program passes on itself, so that it can count them and let one of them fail, also for
/// SQLite's use of them.
enum class Call { write, sync, rename };

/// The n-th call from now (1: the next) and, with `and_later`, all after it return -1 with this errno.
void fail_call(Call call, int nth, int error_number, bool and_later = false);
void let_calls_succeed();

/// How many there were since fail_call or let_calls_succeed.
int calls(Call call);

/// Ends the failures at the end of a test.
struct CallFailures {
  ~CallFailures() { let_calls_succeed(); }
};

}  // namespace palimpsest::test
