#include "tools/gatepost/mail/maildir.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "controlplane/model/stored_message.h"
#include "storage/base/unique_fd.h"

namespace gatepost::tools {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kInfo = ":2,";
constexpr const char* kKeywordsFile = "dovecot-keywords";
constexpr size_t kLetters = 26;
constexpr std::string_view kForwarded = "$Forwarded";  // the letter P, "passed"

struct Letter {
    char letter;
    unsigned flag;
};
// In the order in which they stand in a name.
constexpr std::array<Letter, 5> kFlagLetters = {{{'D', controlplane::kDraft},
                                                 {'F', controlplane::kFlagged},
                                                 {'R', controlplane::kAnswered},
                                                 {'S', controlplane::kSeen},
                                                 {'T', controlplane::kDeleted}}};

std::string_view unique_of(std::string_view file_name) {
    return file_name.substr(0, file_name.find(kInfo));
}

// "0 $Label1", a line each: the number is that of the letter.
std::vector<std::string> read_letters(const std::string& folder) {
    std::vector<std::string> letters;
    std::ifstream file(folder + "/" + kKeywordsFile);
    size_t number = 0;
    std::string name;
    while (file >> number >> name) {
        if (number >= kLetters) continue;
        if (letters.size() <= number) letters.resize(number + 1);
        letters[number] = name;
    }
    return letters;
}

// The files of a folder, without those that begin with a dot. One that is not there has none.
Result<std::vector<std::string>> files_of(const std::string& path) {
    std::vector<std::string> names;
    std::error_code error;
    fs::directory_iterator files(path, error);
    if (error == std::errc::no_such_file_or_directory) return names;
    for (; !error && files != fs::directory_iterator(); files.increment(error))
        if (std::string name = files->path().filename().string(); !name.starts_with('.'))
            names.push_back(std::move(name));
    if (error)
        return fail(
            error == std::errc::permission_denied ? ErrorCode::permission : ErrorCode::refused,
            "reading {}: {}", path, error.message());
    std::ranges::sort(names);
    return names;
}

Status write_file(const std::string& path, std::string_view octets, int64_t date_us) {
    const auto failed = [&](std::string_view doing) {
        return fail(errno == EACCES ? ErrorCode::permission : ErrorCode::refused, "{} {}: {}",
                    doing, path, std::strerror(errno));
    };
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file) return failed("making");
    while (!octets.empty()) {
        const ssize_t done = ::write(file.get(), octets.data(), octets.size());
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return failed("writing");
        octets.remove_prefix(static_cast<size_t>(done));
    }
    const int64_t second_us = 1'000'000;
    const timespec time{date_us / second_us, date_us % second_us * 1000};
    const timespec times[2] = {time, time};
    if (date_us >= 0 && ::futimens(file.get(), times) != 0) return failed("setting the time of");
    return {};
}

}  // namespace

MaildirFlags maildir_flags(std::string_view file_name, const std::vector<std::string>& letters) {
    MaildirFlags flags;
    const size_t info = file_name.rfind(kInfo);
    if (info == std::string_view::npos) return flags;
    for (const char c : file_name.substr(info + kInfo.size())) {
        for (const Letter& one : kFlagLetters)
            if (one.letter == c) flags.flags |= one.flag;
        if (c == 'P') flags.keywords.emplace_back(kForwarded);
        const size_t number = static_cast<size_t>(c - 'a');
        if (c >= 'a' && number < letters.size() && !letters[number].empty())
            flags.keywords.push_back(letters[number]);
    }
    return flags;
}

Result<std::vector<MaildirFolder>> maildir_folders(const std::string& directory) {
    std::error_code error;
    const auto is_maildir = [&](const fs::path& path) {
        return fs::is_directory(path / "cur", error) || fs::is_directory(path / "new", error);
    };
    if (!is_maildir(directory))
        return fail(ErrorCode::invalid, "{} is no Maildir: it has neither cur nor new", directory);
    std::vector<MaildirFolder> folders;
    fs::directory_iterator files(directory, error);
    for (; !error && files != fs::directory_iterator(); files.increment(error)) {
        const std::string folder = files->path().filename().string();
        const auto name = maildir_folder_to_name(folder);
        if (name && is_maildir(files->path())) folders.push_back({files->path().string(), *name});
    }
    if (error) return fail(ErrorCode::refused, "reading {}: {}", directory, error.message());
    std::ranges::sort(folders, {}, &MaildirFolder::name);
    folders.insert(folders.begin(), {directory, "INBOX"});
    return folders;
}

Result<std::vector<MaildirMessage>> maildir_messages(const MaildirFolder& folder) {
    const std::vector<std::string> letters = read_letters(folder.path);
    std::vector<MaildirMessage> messages;
    for (const char* part : {"cur", "new"}) {
        const std::string path = folder.path + "/" + part;
        auto names = files_of(path);
        if (!names) return tl::unexpected(std::move(names).error());
        for (const std::string& name : *names) {
            struct stat about {};
            const std::string file = path + "/" + name;
            if (::stat(file.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) continue;
            messages.push_back({.path = file,
                                .flags = maildir_flags(name, letters),
                                .date_us = about.st_mtim.tv_sec * int64_t{1'000'000} +
                                           about.st_mtim.tv_nsec / 1000,
                                .size = static_cast<uint64_t>(about.st_size)});
        }
    }
    std::ranges::sort(messages, {}, [](const MaildirMessage& message) {
        return std::string_view(message.path).substr(message.path.rfind('/') + 1);
    });
    return messages;
}

Result<std::string> read_whole_file(const std::string& path, uint64_t size_max) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat about {};
    if (!file || ::fstat(file.get(), &about) != 0)
        return fail(errno == EACCES ? ErrorCode::permission : ErrorCode::refused, "{}: {}", path,
                    std::strerror(errno));
    if (!S_ISREG(about.st_mode)) return fail(ErrorCode::refused, "{} is no file", path);
    if (static_cast<uint64_t>(about.st_size) > size_max)
        return fail(ErrorCode::refused, "{} has {} octets, at most {} are taken", path,
                    about.st_size, size_max);
    std::string octets(static_cast<size_t>(about.st_size), '\0');
    size_t done = 0;
    while (done < octets.size()) {
        const ssize_t got = ::read(file.get(), octets.data() + done, octets.size() - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(ErrorCode::refused, "reading {}: {}", path, std::strerror(errno));
        if (got == 0) break;  // it got shorter meanwhile
        done += static_cast<size_t>(got);
    }
    octets.resize(done);
    return octets;
}

Result<MaildirWriter> MaildirWriter::open(const std::string& path) {
    MaildirWriter writer(path);
    for (const char* part : {"cur", "new", "tmp"}) {
        std::error_code error;
        fs::create_directories(path + "/" + part, error);
        if (error)
            return fail(
                error == std::errc::permission_denied ? ErrorCode::permission : ErrorCode::refused,
                "making {}/{}: {}", path, part, error.message());
    }
    for (const char* part : {"cur", "new"}) {
        auto names = files_of(path + "/" + part);
        if (!names) return tl::unexpected(std::move(names).error());
        for (const std::string& name : *names) writer.known_.emplace(unique_of(name));
    }
    writer.letters_ = read_letters(path);
    return writer;
}

std::string MaildirWriter::info(const MaildirFlags& flags) {
    std::string upper;
    std::string lower;
    for (const Letter& one : kFlagLetters)
        if ((flags.flags & one.flag) != 0) upper += one.letter;
    for (const std::string& keyword : flags.keywords) {
        if (keyword == kForwarded) {
            upper += 'P';
            continue;
        }
        auto place = std::ranges::find(letters_, keyword);
        if (place == letters_.end()) {
            if (letters_.size() == kLetters) continue;  // the format has no more
            place = letters_.insert(letters_.end(), keyword);
        }
        lower += static_cast<char>('a' + (place - letters_.begin()));
    }
    std::ranges::sort(upper);
    std::ranges::sort(lower);
    return upper + lower;
}

Result<bool> MaildirWriter::add(const std::string& unique, std::string_view octets,
                                const MaildirFlags& flags, int64_t date_us) {
    if (!known_.insert(unique).second) return false;
    const std::string being_written = path_ + "/tmp/" + unique;
    if (Status done = write_file(being_written, octets, date_us); !done)
        return tl::unexpected(std::move(done).error());
    const std::string there = fmt::format("{}/cur/{}{}{}", path_, unique, kInfo, info(flags));
    if (::rename(being_written.c_str(), there.c_str()) != 0)
        return fail(ErrorCode::refused, "{}: {}", there, std::strerror(errno));
    return true;
}

Status MaildirWriter::finish() {
    if (!letters_.empty()) {
        std::ofstream file(path_ + "/" + kKeywordsFile);
        for (size_t n = 0; n < letters_.size(); ++n) file << n << ' ' << letters_[n] << '\n';
        if (!file.flush())
            return fail(ErrorCode::refused, "cannot write {}/{}", path_, kKeywordsFile);
    }
    const UniqueFd folder(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::syncfs(folder.get()) != 0)
        return fail(ErrorCode::refused, "{}: {}", path_, std::strerror(errno));
    return {};
}

}  // namespace gatepost::tools
