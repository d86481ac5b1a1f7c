#include "tools/gatepost/supervisor/local_instance.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "storage/base/crc32c.h"
#include "storage/base/unique_fd.h"
#include "tools/gatepost/supervisor/directories.h"

namespace gatepost::tools {

namespace fs = std::filesystem;

namespace {

// sun_path has 108 octets with the final zero; PostgreSQL's socket is "/.s.PGSQL.5432".
constexpr size_t kRunPathMax = 107 - 16;

std::string short_name(const std::string& directory) {
    const auto* octets = reinterpret_cast<const uint8_t*>(directory.data());
    return fmt::format("{:08x}", crc32c({octets, directory.size()}));
}

// A directory below /tmp could have been laid there by somebody else.
Status check_owned(const std::string& path, const SystemUser* user) {
    struct stat about {};
    const uid_t expected = user != nullptr ? user->uid : ::geteuid();
    if (::lstat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == expected &&
        (about.st_mode & 022) == 0)
        return {};
    return fail(ErrorCode::permission, "{} belongs to somebody else; remove it and start again",
                path);
}

// Makes `link` point to `target`, or makes it a directory where the two are the same.
Status place(const fs::path& link, const std::string& target, const SystemUser* user) {
    if (Status made = make_directory(target, 0700, user); !made) return made;
    if (Status owned = check_owned(target, user); !owned) return owned;
    if (link == target) return {};
    std::error_code error;
    if (fs::is_symlink(link, error)) fs::remove(link, error);
    fs::create_directory_symlink(target, link, error);
    if (error)
        return fail(ErrorCode::refused, "cannot make the link {}: {}", link.string(),
                    error.message());
    return {};
}

// A place that is there already belongs to an instance whose directory was removed: its data may
// still be wanted, but not by a new instance.
std::string unused_place(const std::string& name) {
    std::error_code ignored;
    std::string path = "/var/lib/gatepost-local/" + name;
    for (int i = 2; fs::exists(path, ignored); ++i)
        path = fmt::format("/var/lib/gatepost-local/{}-{}", name, i);
    return path;
}

// Containers often have no IPv6, not even on the loopback interface.
bool has_ipv6_loopback() {
    UniqueFd socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 loopback{};
    loopback.sin6_family = AF_INET6;
    loopback.sin6_addr = in6addr_loopback;
    return socket &&
           ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&loopback), sizeof loopback) == 0;
}

}  // namespace

std::string LocalInstance::dsn() const {
    return fmt::format("host={} user=gatepost dbname=gatepost", run);
}

Result<SystemUser> postgres_user() {
    auto user = find_user("postgres");
    if (!user)
        return fail(
            ErrorCode::refused,
            "PostgreSQL never runs as root, and there is no system user \"postgres\"; install "
            "PostgreSQL (apt install postgresql-15) or start as an ordinary user");
    return user;
}

Result<LocalInstance> make_local_instance(const std::string& directory, const SystemUser* user) {
    LocalInstance out;
    std::error_code error;
    const fs::path asked = fs::absolute(directory, error).lexically_normal();
    out.directory = asked.has_filename() ? asked.string() : asked.parent_path().string();
    if (Status made = make_directory(out.directory, 0755, nullptr); !made)
        return tl::unexpected(std::move(made).error());
    const fs::path base = fs::canonical(out.directory, error);
    if (error) return fail(ErrorCode::refused, "{}: {}", out.directory, error.message());
    const std::string name = short_name(base.string());

    out.data = base / "data";
    // A name that exists stays what it is: the cluster inside must be found again.
    if (fs::is_symlink(base / "data", error))
        out.data = fs::read_symlink(base / "data", error).string();
    else if (!fs::exists(base / "data", error) && !can_enter(base.string(), user))
        out.data = unused_place(name);
    out.run = can_enter(base.string(), user) ? (base / "run").string() : out.data + "/run";
    if (out.run.size() > kRunPathMax)
        out.run =
            fmt::format("/tmp/gatepost-{}-{}", user != nullptr ? user->uid : ::geteuid(), name);
    Status placed = place(base / "data", out.data, user);
    if (placed) placed = place(base / "run", out.run, user);
    if (placed) placed = make_directory(out.state(), 0700, user);
    if (!placed) return tl::unexpected(std::move(placed).error());
    return out;
}

Result<LocalInstance> open_local_instance(const std::string& directory) {
    LocalInstance out;
    std::error_code error;
    out.directory = fs::absolute(directory, error).lexically_normal().string();
    const fs::path base(out.directory);
    out.data = fs::canonical(base / "data", error).string();
    if (!error) out.run = fs::canonical(base / "run", error).string();
    if (error == std::errc::permission_denied)
        return fail(ErrorCode::permission, "{}: {}; it belongs to another user", directory,
                    error.message());
    if (error)
        return fail(ErrorCode::unreachable,
                    "there is no local instance in {}; start one with: gatepost run --local {}",
                    directory, directory);
    return out;
}

void apply_local_settings(const LocalInstance& instance, Settings& settings) {
    const std::string origin = "--local " + instance.directory;
    settings.set("database.dsn", {instance.dsn()}, origin);
    settings.set("database.password_file", {""}, origin);
    settings.set("paths.state_dir", {instance.state()}, origin);
    settings.set("paths.run_dir", {instance.run}, origin);
    std::vector<std::string> listen = {fmt::format("127.0.0.1@{}", kLocalDnsPort)};
    if (has_ipv6_loopback()) listen.push_back(fmt::format("::1@{}", kLocalDnsPort));
    settings.set_default("dns.listen", listen, origin);
    const auto loopback = [&](std::string_view key, uint16_t port) {
        settings.set_default(key, {fmt::format("127.0.0.1@{}", port)}, origin);
    };
    loopback("dns.tls_listen", kLocalDnsTlsPort);
    loopback("http.https_listen", kLocalHttpsPort);
    loopback("http.listen", kLocalHttpPort);
    loopback("metrics.listen", kLocalMetricsPort);
    loopback("smtp.listen", kLocalSmtpPort);
    loopback("smtp.submission_listen", kLocalSubmissionPort);
    loopback("smtp.submissions_listen", kLocalSubmissionsPort);
    loopback("imap.listen", kLocalImapPort);
    loopback("imap.tls_listen", kLocalImapsPort);
    settings.set_default("tls.server_name", {"localhost"}, origin);
    settings.set_default("log.level", {"warning"}, origin);
    // Its clients are on this host, load generators among them.
    settings.set_default("dns.rate_limit.per_second", {"0"}, origin);
    if (::geteuid() == 0) settings.set("controlplane.user", {"postgres"}, origin);
}

}  // namespace gatepost::tools
