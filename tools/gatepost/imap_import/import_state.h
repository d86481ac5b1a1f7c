// What an import has copied, in a file, so that the next run goes on from there and brings only
// what has changed. Lines are appended as messages are copied; a line that a crash has cut off is
// dropped. Losing the file loses no message and makes none twice (message_match.h): what changed on
// our side since is then taken for what it was.
//
//     gatepost import 1
//     from    ada@imap.example.org:993 to ada@example.org
//     F <folder> <UIDVALIDITY> <our UIDVALIDITY> <name> <our mailbox>
//     M <folder> <UID> <our UID> <flags …>
//     S <0 or 1> <name>
//
// Names have octets up to 0x20, and "%", as "%20".
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"
#include "tools/gatepost/imap_client/flag_table.h"

namespace gatepost::tools {

struct CopiedMessage {
    uint32_t uid = 0;    // in our mailbox
    uint32_t flags = 0;  // of the FlagTable: as they were at the source
};

// A folder of the source, of one UIDVALIDITY at both ends.
struct FolderState {
    uint32_t number = 0;
    uint32_t uid_validity = 0;
    uint32_t own_uid_validity = 0;
    std::string mailbox;
    std::unordered_map<uint32_t, CopiedMessage> messages;  // by the source's UID
};

class ImportState {
  public:
    // Made where it is not there, unless `read_only`. Refused: another run has it open; it is of
    // another import. `flags` outlives it.
    static Result<std::unique_ptr<ImportState>> open(const std::string& path,
                                                     const std::string& from_to, FlagTable& flags,
                                                     bool read_only);

    // What is known of a folder: nothing where a UIDVALIDITY is another than it was. Stays where it
    // is. One thread at a time reads its messages.
    Result<FolderState*> folder(const std::string& name, uint32_t uid_validity,
                                const std::string& mailbox, uint32_t own_uid_validity);
    // The same, without noting anything; nullptr: nothing is known.
    const FolderState* find_folder(const std::string& name, uint32_t uid_validity) const;

    // That a message was copied, or that its flags have changed. False, and nothing is noted: our
    // message is the copy of another one. Written with the next flush().
    bool note(FolderState& folder, uint32_t uid, const CopiedMessage& message);
    bool is_copy(const std::string& mailbox, uint32_t own_uid) const;

    std::optional<bool> subscription(const std::string& name) const;
    void note_subscription(const std::string& name, bool subscribed);

    // An error stays: nothing more can be noted then.
    Status flush();
    bool is_broken() const { return broken_; }

  private:
    ImportState(std::string path, FlagTable& flags) : path_(std::move(path)), flags_(flags) {}
    Status read(const std::string& from_to, bool read_only);
    bool take_line(std::string_view line);
    bool take_folder(std::string_view rest);
    bool take_message(std::string_view rest);
    void forget_copies(const FolderState& folder);

    const std::string path_;
    FlagTable& flags_;
    UniqueFd file_;
    mutable std::mutex mutex_;
    std::map<std::string, FolderState> folders_;  // by the name at the source
    std::unordered_map<uint32_t, FolderState*> by_number_;
    std::map<std::string, std::unordered_set<uint32_t>> copies_;  // our mailbox: its UIDs
    std::map<std::string, bool> subscriptions_;
    uint32_t numbers_ = 0;
    std::string unwritten_;
    std::atomic<bool> broken_{false};
};

// "ada at work" → "ada%20at%20work", and back; nullopt: it is none.
std::string state_word(std::string_view text);
std::optional<std::string> text_of_state_word(std::string_view word);

}  // namespace gatepost::tools
