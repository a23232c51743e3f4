#include "native/storage/job_events.h"

namespace palimpsest {

void JobEvents::append(const std::string& job, const JobEvent& event) {
  database_.run("INSERT INTO job_events(job, sequence, type, data) VALUES(?, ?, ?, ?)", job, event.sequence, event.type,
                event.data);
  database_.run(
      "DELETE FROM job_events WHERE job = ?1 AND sequence <= "
      "(SELECT sequence FROM job_events WHERE job = ?1 ORDER BY sequence DESC LIMIT 1 OFFSET ?2)",
      job, kKept);
}

std::vector<JobEvent> JobEvents::after(const std::string& job, std::int64_t sequence) const {
  std::vector<JobEvent> events;
  Rows rows = database_.query(
      "SELECT sequence, type, data FROM job_events WHERE job = ? AND sequence > ? ORDER BY sequence", job, sequence);
  while (rows.next()) events.push_back({rows.integer(0), rows.text(1), rows.text(2)});
  return events;
}

std::int64_t JobEvents::next_sequence_after_restart(const std::string& job) const {
  Rows rows = database_.query("SELECT max(sequence) FROM job_events WHERE job = ?", job);
  const std::int64_t last = rows.next() ? rows.integer(0) : 0;
  return (last / kStride + 1) * kStride;
}

}  // namespace palimpsest
