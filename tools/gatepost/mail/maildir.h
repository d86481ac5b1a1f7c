// Maildirs (Maildir++, as Dovecot and Courier have them): the folder itself is INBOX, folders in it
// whose names begin with a dot are the other mailboxes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"

namespace gatepost::tools {

// What a file's name tells behind ":2,".
struct MaildirFlags {
    unsigned flags = 0;  // controlplane::MessageFlag
    std::vector<std::string> keywords;
};
// `letters`: names of the keywords a to z (the file dovecot-keywords); may be shorter.
MaildirFlags maildir_flags(std::string_view file_name, const std::vector<std::string>& letters);

// ".Work.2026" ↔ "Work/2026": "." and "/" cannot be in a level's name, and what is not ASCII is in
// the modified UTF-7 of RFC 3501 §5.1.3. nullopt: it cannot be one.
std::optional<std::string> maildir_folder_to_name(std::string_view folder);
std::string maildir_folder_from_name(std::string_view name);

struct MaildirFolder {
    std::string path;
    std::string name;  // of the mailbox
};
// INBOX first. Refused where DIR has neither cur nor new.
Result<std::vector<MaildirFolder>> maildir_folders(const std::string& directory);

struct MaildirMessage {
    std::string path;
    MaildirFlags flags;
    int64_t date_us = 0;  // when the file was written; microseconds since 1970
    uint64_t size = 0;    // octets
};
// In the order of their names, which begin with the time.
Result<std::vector<MaildirMessage>> maildir_messages(const MaildirFolder& folder);
// At most `size_max` octets.
Result<std::string> read_whole_file(const std::string& path, uint64_t size_max);

// Writes a folder. Files appear whole: they are written in tmp, and moved.
class MaildirWriter {
  public:
    // Makes cur, new and tmp.
    static Result<MaildirWriter> open(const std::string& path);

    // Names are `unique` and the flags. False: there is a file of that unique name already.
    Result<bool> add(const std::string& unique, std::string_view octets, const MaildirFlags& flags,
                     int64_t date_us);
    // The names of keywords, and everything onto the disk.
    Status finish();

  private:
    explicit MaildirWriter(std::string path) : path_(std::move(path)) {}
    std::string info(const MaildirFlags& flags);

    std::string path_;
    std::set<std::string, std::less<>> known_;  // unique names
    std::vector<std::string> letters_;
};

}  // namespace gatepost::tools
