#include "tools/gatepost/imap_import/import_state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace gatepost::tools {

namespace {

constexpr std::string_view kFirstLine = "gatepost import 1";
constexpr size_t kPiece = 1 << 20;     // octets read at a time
constexpr size_t kLineMax = 64 << 10;  // octets; names and flags are far shorter

std::string_view take_word(std::string_view& rest) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    return word;
}

bool take_number(std::string_view& rest, uint32_t& out) {
    const std::string_view word = take_word(rest);
    const auto read = std::from_chars(word.data(), word.data() + word.size(), out);
    return read.ec == std::errc() && read.ptr == word.data() + word.size();
}

Status write_all(int fd, std::string_view octets, const std::string& path) {
    while (!octets.empty()) {
        const ssize_t written = ::write(fd, octets.data(), octets.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0)
            return fail(ErrorCode::refused, "cannot write {}: {}", path, std::strerror(errno));
        octets.remove_prefix(static_cast<size_t>(written));
    }
    return {};
}

}  // namespace

std::string state_word(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        if (octet <= 0x20 || c == '%' || octet == 0x7f)
            out += fmt::format("%{:02x}", octet);
        else
            out += c;
    }
    return out;
}

std::optional<std::string> text_of_state_word(std::string_view word) {
    std::string out;
    for (size_t i = 0; i < word.size(); ++i) {
        if (word[i] != '%') {
            out += word[i];
            continue;
        }
        unsigned octet = 0;
        if (word.size() - i < 3) return std::nullopt;
        const auto read = std::from_chars(word.data() + i + 1, word.data() + i + 3, octet, 16);
        if (read.ec != std::errc() || read.ptr != word.data() + i + 3) return std::nullopt;
        out += static_cast<char>(octet);
        i += 2;
    }
    return out;
}

Result<std::unique_ptr<ImportState>> ImportState::open(const std::string& path,
                                                       const std::string& from_to, FlagTable& flags,
                                                       bool read_only) {
    std::unique_ptr<ImportState> state(new ImportState(path, flags));
    const int how = read_only ? O_RDONLY : O_RDWR | O_CREAT;
    state->file_ = UniqueFd(::open(path.c_str(), how | O_CLOEXEC, 0600));
    if (!state->file_) {
        if (read_only && errno == ENOENT) return state;
        return fail(errno == EACCES ? ErrorCode::permission : ErrorCode::refused, "{}: {}", path,
                    std::strerror(errno));
    }
    if (!read_only && ::flock(state->file_.get(), LOCK_EX | LOCK_NB) != 0)
        return fail(ErrorCode::conflict, "another import has {} open: wait until it has ended",
                    path);
    if (Status read = state->read(from_to, read_only); !read)
        return tl::unexpected(std::move(read).error());
    if (read_only) state->file_.reset();
    return state;
}

Status ImportState::read(const std::string& from_to, bool read_only) {
    const std::string second_line = "from " + from_to;
    std::string left;
    std::string room(kPiece, '\0');
    uint64_t lines = 0;
    off_t whole = 0;  // octets of the lines that are complete
    for (;;) {
        const ssize_t got = ::read(file_.get(), room.data(), room.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(ErrorCode::refused, "{}: {}", path_, std::strerror(errno));
        if (got == 0) break;
        left.append(room, 0, static_cast<size_t>(got));
        size_t begin = 0;
        for (size_t end; (end = left.find('\n', begin)) != std::string::npos; begin = end + 1) {
            const std::string_view line = std::string_view(left).substr(begin, end - begin);
            const bool known = lines == 0   ? line == kFirstLine
                               : lines == 1 ? line == second_line
                                            : take_line(line);
            ++lines;
            if (!known && lines == 2)
                return fail(ErrorCode::refused,
                            "{} is of another import ({}); name another file with --state", path_,
                            line);
            if (!known)
                return fail(ErrorCode::invalid,
                            "{} line {} is not the state of an import: name another file with "
                            "--state, or remove it (nothing is copied twice then, either)",
                            path_, lines);
        }
        whole += static_cast<off_t>(begin);
        left.erase(0, begin);
        if (left.size() > kLineMax)
            return fail(ErrorCode::invalid, "{}: a line is too long", path_);
    }
    if (read_only) return {};
    // What a crash has cut off.
    if (::ftruncate(file_.get(), whole) != 0 || ::lseek(file_.get(), whole, SEEK_SET) != whole)
        return fail(ErrorCode::refused, "{}: {}", path_, std::strerror(errno));
    if (lines == 0) unwritten_ = fmt::format("{}\n", kFirstLine);
    if (lines <= 1) unwritten_ += second_line + "\n";
    return flush();
}

bool ImportState::take_line(std::string_view line) {
    const std::string_view kind = take_word(line);
    if (kind == "F") return take_folder(line);
    if (kind == "M") return take_message(line);
    if (kind != "S") return false;
    uint32_t subscribed = 0;
    if (!take_number(line, subscribed) || subscribed > 1) return false;
    const auto name = text_of_state_word(take_word(line));
    if (!name) return false;
    subscriptions_[*name] = subscribed == 1;
    return true;
}

bool ImportState::take_folder(std::string_view rest) {
    FolderState folder;
    if (!take_number(rest, folder.number) || !take_number(rest, folder.uid_validity) ||
        !take_number(rest, folder.own_uid_validity))
        return false;
    const auto name = text_of_state_word(take_word(rest));
    const auto mailbox = text_of_state_word(take_word(rest));
    if (!name || !mailbox) return false;
    // Each has a number that none had before, and the next one has room for its own.
    if (folder.number == 0 || folder.number == UINT32_MAX || by_number_.contains(folder.number))
        return false;
    folder.mailbox = *mailbox;
    numbers_ = std::max(numbers_, folder.number);
    const uint32_t number = folder.number;
    FolderState& kept = folders_[*name];
    forget_copies(kept);
    kept = std::move(folder);
    by_number_[number] = &kept;
    return true;
}

bool ImportState::take_message(std::string_view rest) {
    uint32_t number = 0;
    uint32_t uid = 0;
    CopiedMessage message;
    if (!take_number(rest, number) || !take_number(rest, uid) || !take_number(rest, message.uid))
        return false;
    const auto folder = by_number_.find(number);
    if (folder == by_number_.end()) return false;
    message.flags = flags_.number(flags_text(flags_in(rest)));
    // Of a UIDVALIDITY that was followed by another one there is nothing.
    if (folder->second->number != number) return true;
    folder->second->messages[uid] = message;
    copies_[folder->second->mailbox].insert(message.uid);
    return true;
}

// Whether they are the copies of messages of the folder's new UIDVALIDITY is found out by what they
// are (message_match.h).
void ImportState::forget_copies(const FolderState& folder) {
    for (const auto& [uid, copied] : folder.messages) copies_[folder.mailbox].erase(copied.uid);
}

const FolderState* ImportState::find_folder(const std::string& name, uint32_t uid_validity) const {
    const std::lock_guard lock(mutex_);
    const auto found = folders_.find(name);
    if (found == folders_.end() || found->second.uid_validity != uid_validity) return nullptr;
    return &found->second;
}

Result<FolderState*> ImportState::folder(const std::string& name, uint32_t uid_validity,
                                         const std::string& mailbox, uint32_t own_uid_validity) {
    const std::lock_guard lock(mutex_);
    FolderState& folder = folders_[name];
    if (folder.number != 0 && folder.uid_validity == uid_validity &&
        folder.own_uid_validity == own_uid_validity && folder.mailbox == mailbox)
        return &folder;
    forget_copies(folder);
    folder = {.number = ++numbers_,
              .uid_validity = uid_validity,
              .own_uid_validity = own_uid_validity,
              .mailbox = mailbox,
              .messages = {}};
    by_number_[folder.number] = &folder;
    unwritten_ += fmt::format("F {} {} {} {} {}\n", folder.number, uid_validity, own_uid_validity,
                              state_word(name), state_word(mailbox));
    return &folder;
}

bool ImportState::note(FolderState& folder, uint32_t uid, const CopiedMessage& message) {
    const std::lock_guard lock(mutex_);
    const bool fresh = copies_[folder.mailbox].insert(message.uid).second;
    const auto [entry, added] = folder.messages.try_emplace(uid, message);
    if (!fresh && (added || entry->second.uid != message.uid)) {
        if (added) folder.messages.erase(entry);
        return false;
    }
    entry->second = message;
    unwritten_ +=
        fmt::format("M {} {} {} {}\n", folder.number, uid, message.uid, flags_.text(message.flags));
    return true;
}

bool ImportState::is_copy(const std::string& mailbox, uint32_t own_uid) const {
    const std::lock_guard lock(mutex_);
    const auto found = copies_.find(mailbox);
    return found != copies_.end() && found->second.contains(own_uid);
}

std::optional<bool> ImportState::subscription(const std::string& name) const {
    const auto found = subscriptions_.find(name);
    if (found == subscriptions_.end()) return std::nullopt;
    return found->second;
}

void ImportState::note_subscription(const std::string& name, bool subscribed) {
    const std::lock_guard lock(mutex_);
    subscriptions_[name] = subscribed;
    unwritten_ += fmt::format("S {} {}\n", subscribed ? 1 : 0, state_word(name));
}

Status ImportState::flush() {
    const std::lock_guard lock(mutex_);
    if (unwritten_.empty() || !file_) return {};
    Status written = write_all(file_.get(), std::exchange(unwritten_, {}), path_);
    if (!written) broken_ = true;
    return written;
}

}  // namespace gatepost::tools
