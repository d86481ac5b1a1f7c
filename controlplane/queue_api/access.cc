#include "controlplane/queue_api/access.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "controlplane/log/event_log.h"
#include "storage/password/base64.h"
#include "storage/password/digest.h"
#include "storage/password/verify.h"

namespace gatepost::controlplane {

namespace {

constexpr std::string_view kTokenScheme = "{SHA256}";
constexpr size_t kFileMax = size_t{1} << 20;  // octets: some thousand lines

// RFC 9110 §11.1: the scheme's name has no case.
bool has_scheme(std::string_view authorization, std::string_view scheme) {
    return authorization.size() > scheme.size() && authorization[scheme.size()] == ' ' &&
           std::ranges::equal(authorization.substr(0, scheme.size()), scheme, {}, [](char c) {
               return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
           });
}

}  // namespace

Result<std::vector<AccessEntry>> parse_access_file(std::string_view text) {
    std::vector<AccessEntry> entries;
    for (size_t number = 1; !text.empty(); ++number) {
        const size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
        if (line.empty() || line.starts_with('#')) continue;
        const size_t colon = line.find(":{");
        if (colon == std::string_view::npos)
            return fail(ErrorCode::invalid, "line {}: expected name:{{SCHEME}}…", number);
        entries.push_back(
            {std::string(line.substr(0, colon)), std::string(line.substr(colon + 1))});
    }
    return entries;
}

Access::Access(std::string token_file, std::string users_file, NetworkList networks)
    : networks_(std::move(networks)) {
    tokens_.path = std::move(token_file);
    users_.path = std::move(users_file);
}

Status Access::refresh(File& file) {
    if (file.path.empty()) return {};
    struct stat about {};
    if (::stat(file.path.c_str(), &about) != 0)
        return fail(ErrorCode::permission, "{}: {}", file.path, std::strerror(errno));
    if (about.st_mtim.tv_sec == file.changed.tv_sec &&
        about.st_mtim.tv_nsec == file.changed.tv_nsec && about.st_size == file.size)
        return {};
    if (static_cast<size_t>(about.st_size) > kFileMax)
        return fail(ErrorCode::invalid, "{} has more than {} octets", file.path, kFileMax);
    std::ifstream stream(file.path);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (!stream)
        return fail(ErrorCode::permission, "cannot read {}: {}", file.path, std::strerror(errno));
    auto entries = parse_access_file(text);
    if (!entries) return wrap(file.path, entries.error());
    file.entries = std::move(*entries);
    file.changed = about.st_mtim;
    file.size = about.st_size;
    return {};
}

Status Access::check() {
    const std::lock_guard lock(mutex_);
    for (File* file : {&tokens_, &users_})
        if (Status read = refresh(*file); !read) return read;
    return {};
}

AccessVerdict Access::judge(std::string_view address, std::string_view authorization,
                            std::string& who) {
    if (!networks_.is_empty() && !networks_.contains(address)) return AccessVerdict::wrong_address;
    if (tokens_.path.empty() && users_.path.empty()) return AccessVerdict::allowed;
    if (Status read = check(); !read) {
        log_error("queue_api.access_unreadable").field("error", read.error().message);
        return AccessVerdict::unavailable;
    }
    constexpr std::string_view kBearer = "bearer";  // RFC 6750 §2.1
    constexpr std::string_view kBasic = "basic";    // RFC 7617 §2
    if (has_scheme(authorization, kBearer))
        return judge_token(authorization.substr(kBearer.size() + 1), who);
    if (has_scheme(authorization, kBasic))
        return judge_password(authorization.substr(kBasic.size() + 1), who);
    return AccessVerdict::no_credentials;
}

AccessVerdict Access::judge_token(std::string_view token, std::string& who) {
    const std::string given = storage::digest(storage::DigestKind::sha256, {token});
    const std::lock_guard lock(mutex_);
    // All of them are compared, so that the time says nothing about which.
    for (const AccessEntry& entry : tokens_.entries) {
        if (!entry.secret.starts_with(kTokenScheme)) continue;
        const auto wanted =
            storage::decode_base64(std::string_view(entry.secret).substr(kTokenScheme.size()),
                                   storage::Base64Padding::optional);
        if (wanted && storage::equal_in_constant_time(*wanted, given)) who = entry.name;
    }
    return who.empty() ? AccessVerdict::wrong_credentials : AccessVerdict::allowed;
}

AccessVerdict Access::judge_password(std::string_view encoded, std::string& who) {
    const auto pair = storage::decode_base64(encoded, storage::Base64Padding::optional);
    const size_t colon = pair ? pair->find(':') : std::string::npos;
    if (colon == std::string::npos) return AccessVerdict::wrong_credentials;
    const std::string name = pair->substr(0, colon);
    std::string hash;
    {
        const std::lock_guard lock(mutex_);
        // An unknown name costs as much as a known one.
        if (!users_.entries.empty()) hash = users_.entries.front().secret;
        const auto found = std::ranges::find(users_.entries, name, &AccessEntry::name);
        if (found != users_.entries.end()) {
            hash = found->secret;
            who = name;
        }
    }
    const std::lock_guard lock(verifying_);
    const bool matches =
        !hash.empty() && storage::verify_password(std::string_view(*pair).substr(colon + 1), hash,
                                                  name) == storage::VerifyOutcome::match;
    if (matches && !who.empty()) return AccessVerdict::allowed;
    who.clear();
    return AccessVerdict::wrong_credentials;
}

}  // namespace gatepost::controlplane
