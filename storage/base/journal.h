// The journal of systemd by its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): each line of
// the log as an entry with fields of its own, so that `journalctl EVENT=sync.down` finds it.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"

namespace gatepost {

// Whether what is written to standard error ends up in the journal (systemd.exec(5),
// JOURNAL_STREAM).
bool stderr_is_journal();

class Journal {
  public:
    // `path` is another one in tests only.
    static Result<Journal> open(const std::string& path = "/run/systemd/journal/socket");

    // One entry, made with the functions below. A journal that takes none must not stop anything.
    void write(const std::string& entry) const;

  private:
    explicit Journal(UniqueFd socket) : socket_(std::move(socket)) {}
    UniqueFd socket_;
};

// syslog's, by the level of a log: debug, info, warning, error.
inline constexpr int kJournalPriorities[] = {7, 6, 4, 3};

// Begins an entry.
std::string journal_entry(int priority, std::string_view program);
// The name in capitals; what cannot be in a field's name becomes an underscore. Any value.
void add_journal_field(std::string& entry, std::string_view name, std::string_view value);

}  // namespace gatepost
