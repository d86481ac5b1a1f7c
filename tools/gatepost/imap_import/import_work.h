// What the threads of an import share: what there is to do, what is done, and what went wrong.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tools/gatepost/imap_client/message_listing.h"
#include "tools/gatepost/imap_import/folder_mapping.h"
#include "tools/gatepost/imap_import/import_state.h"

namespace gatepost::tools {

struct FolderCount {
    uint64_t messages = 0;  // at the source
    uint64_t imported = 0;
    uint64_t octets = 0;  // of those
    uint64_t known = 0;   // copied by an earlier run, or found in our mailbox
    uint64_t flags_changed = 0;
    uint64_t gone = 0;  // at the source, while we were at it
    uint64_t failed = 0;
};

// A folder under way. Its thread of the survey writes it; then it stays, but for `count`.
struct FolderWork {
    MappedFolder folder;
    uint32_t uid_validity = 0;
    uint32_t own_uid_next = 0;  // before anything was copied
    FolderState* state = nullptr;
    std::vector<RemoteMessage> missing;  // to be copied
    FolderCount count;                   // under ImportWork's lock
};

// A piece of a folder for one thread.
struct Chunk {
    FolderWork* folder = nullptr;
    std::vector<RemoteMessage> messages;
    bool again = false;  // a connection broke: some may be stored, without a note
};

class ImportWork {
  public:
    struct Totals {
        uint64_t done = 0;
        uint64_t wanted = 0;
    };

    // ---- by the main thread, before and after the others
    std::deque<FolderWork>& folders() { return folders_; }
    const std::deque<FolderWork>& folders() const { return folders_; }
    void plan_survey();
    void plan_copies();

    // ---- by all
    // The next one; nullptr, nullopt: there is none left.
    FolderWork* next_folder();
    std::optional<Chunk> next_chunk();
    // What a thread could not do, for another one.
    void give_back(FolderWork* folder);
    void give_back(Chunk chunk);
    bool any_left() const;
    void surveyed();

    // Of a server whose answers cannot be told apart: one message after the other.
    bool one_at_a_time() const { return one_at_a_time_; }
    void ask_one_at_a_time() { one_at_a_time_ = true; }

    void imported(FolderWork& folder, uint64_t messages, uint64_t octets);
    // That were to be copied, and are there.
    void found(FolderWork& folder, uint64_t messages);
    void gone(FolderWork& folder);
    // A message, or the whole folder, that cannot be copied: `what` names it.
    void failed(FolderWork& folder, uint64_t messages, std::string what);
    void say(std::string line);

    // What was said since take_lines().
    std::vector<std::string> take_lines();
    Totals totals() const;         // messages
    Totals survey_totals() const;  // folders

  private:
    mutable std::mutex mutex_;
    std::deque<FolderWork> folders_;  // whose addresses stay
    std::deque<FolderWork*> to_survey_;
    std::deque<Chunk> to_copy_;
    std::vector<std::string> lines_;
    Totals totals_;
    Totals survey_;
    std::atomic<bool> one_at_a_time_{false};
};

}  // namespace gatepost::tools
