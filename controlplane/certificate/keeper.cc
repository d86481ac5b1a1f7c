#include "controlplane/certificate/keeper.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>

#include "controlplane/certificate/keeper_pass.h"
#include "controlplane/certificate/key_file.h"
#include "controlplane/certificate/new_certificate.h"
#include "controlplane/log/event_log.h"
#include "controlplane/schema/schema.h"

namespace gatepost::controlplane {

namespace {

using std::chrono::milliseconds;

constexpr int64_t kDay = 24 * 3600;  // s
constexpr int kExpiringShown = 100;  // certificates named in the log a day
constexpr milliseconds kBusyRetry{1000};
constexpr auto kRepeatLog = std::chrono::hours(1);

int64_t now_seconds() {
    return static_cast<int64_t>(std::time(nullptr));
}

struct FreeNotify {
    void operator()(PGnotify* notify) const { PQfreemem(notify); }
};

// Takes what has been notified; whether any of it was another connection's doing.
bool take_notifications(Connection& connection) {
    bool changed = false;
    while (const std::unique_ptr<PGnotify, FreeNotify> notify{PQnotifies(connection.raw())})
        changed = changed || notify->be_pid != connection.backend_pid();
    return changed;
}

std::string join(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : ",") + word;
    return out;
}

}  // namespace

CertificateKeeper::CertificateKeeper(KeeperOptions options) : options_(std::move(options)) {}

CertificateKeeper::~CertificateKeeper() {
    request_stop();
    if (thread_.joinable()) thread_.join();
}

Status CertificateKeeper::start() {
    wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_) return fail(ErrorCode::refused, "making an eventfd: {}", std::strerror(errno));
    stopped_ = false;
    thread_ = std::thread([this] {
        run();
        const std::lock_guard lock(stopped_mutex_);
        stopped_ = true;
        stopped_changed_.notify_all();
    });
    return {};
}

void CertificateKeeper::request_stop() {
    stop_ = true;
    const uint64_t one = 1;
    if (wake_) (void)!::write(wake_.get(), &one, sizeof one);
}

bool CertificateKeeper::wait_stopped(milliseconds timeout) {
    std::unique_lock lock(stopped_mutex_);
    return stopped_changed_.wait_for(lock, timeout, [this] { return stopped_; });
}

void CertificateKeeper::run() {
    milliseconds retry = options_.retry_min;
    while (!stop_) {
        const auto begin = Clock::now();
        if (const Status ended = work(); !ended) note_failure(ended.error());
        if (Clock::now() - begin > options_.retry_max) retry = options_.retry_min;
        pause(retry);
        retry = std::min(retry * 2, options_.retry_max);
    }
}

Status CertificateKeeper::work() {
    auto connection = Connection::open(options_.dsn, "gatepost-certificates");
    if (!connection) return tl::unexpected(std::move(connection).error());
    if (Status current = schema_require_current(*connection); !current) return current;
    // Before the first look, so that no change falls between the two.
    if (auto listening = connection->exec("LISTEN certificate_change"); !listening)
        return tl::unexpected(std::move(listening).error());
    while (!stop_) {
        if (Status looked = look(*connection); !looked) return looked;
        if (Status waited = wait_for_change(*connection, Clock::now() + options_.interval); !waited)
            return waited;
    }
    return {};
}

Status CertificateKeeper::look(Connection& connection) {
    auto loaded = ensure_key_file(options_.key_file);
    if (loaded) options_.ring = std::move(*loaded);
    const storage::KeyRing& ring = options_.ring;
    if (ring.empty()) return tl::unexpected(std::move(loaded).error());
    while (!stop_) {
        auto kept = keep_self_signed(connection, ring, options_.server_name, now_seconds());
        if (!kept) return tl::unexpected(std::move(kept).error());
        for (const std::string& domain : kept->made)
            log_info("certificate.made").field("domain", domain).field("type", "self-signed");
        if (kept->is_busy)
            pause(kBusyRetry);
        else if (kept->is_complete)
            break;
    }
    last_failure_.clear();
    // What takes a look at every certificate is not done with each change.
    if (Clock::now() < report_at_) return {};
    report_at_ = Clock::now() + options_.interval;
    return report(connection, ring, now_seconds());
}

Status CertificateKeeper::report(Connection& connection, const storage::KeyRing& ring,
                                 int64_t now_s) {
    auto foreign = certificates_of_other_keys(connection, ring);
    if (!foreign) return tl::unexpected(std::move(foreign).error());
    if (foreign->count > 0 && is_news("key " + foreign->key, now_s))
        log_error("certificate.key_unknown")
            .field("certificates", foreign->count)
            .field("domain", foreign->domain)
            .field("key", foreign->key)
            .field("hint",
                   "they cannot be used here: copy the key file of the host that sealed them to " +
                       options_.key_file +
                       ", or import them anew (gatepost cert import, cert "
                       "self-signed)");
    auto expiring = expiring_certificates(connection, kExpiringShown);
    if (!expiring) return tl::unexpected(std::move(expiring).error());
    for (const ExpiringCertificate& certificate : *expiring) {
        const bool is_critical = certificate.days_left < kExpiryCriticalDays;
        if (!is_news(fmt::format("expiry {} {}", certificate.id, is_critical), now_s)) continue;
        LogEvent(is_critical ? LogLevel::error : LogLevel::warning, "certificate.expires")
            .field("domain", certificate.domain)
            .field("type", certificate.type)
            .field("not_after", certificate.not_after)
            .field("days_left", certificate.days_left)
            .field("used_by", join(certificate.used_by));
    }
    return {};
}

bool CertificateKeeper::is_news(const std::string& what, int64_t now_s) {
    const int64_t today = now_s / kDay;
    std::erase_if(told_, [today](const auto& entry) { return entry.second != today; });
    return told_.emplace(what, today).second;
}

Status CertificateKeeper::wait_for_change(Connection& connection, Clock::time_point until) {
    bool changed = take_notifications(connection);
    while (!stop_ && !changed) {
        const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
        if (left.count() <= 0) return {};
        pollfd polls[] = {{wake_.get(), POLLIN, 0}, {connection.socket(), POLLIN, 0}};
        if (::poll(polls, 2, static_cast<int>(left.count())) < 0 && errno != EINTR)
            return fail(ErrorCode::refused, "poll: {}", std::strerror(errno));
        if (polls[1].revents == 0) continue;
        if (PQconsumeInput(connection.raw()) != 1) return tl::unexpected(connection.last_error());
        changed = take_notifications(connection);
    }
    if (changed) pause(options_.settle);
    return {};
}

void CertificateKeeper::pause(milliseconds duration) {
    const auto until = Clock::now() + duration;
    while (!stop_) {
        const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
        if (left.count() <= 0) return;
        pollfd wake{wake_.get(), POLLIN, 0};
        (void)::poll(&wake, 1, static_cast<int>(left.count()));
    }
}

void CertificateKeeper::note_failure(const Error& error) {
    if (error.message == last_failure_ && Clock::now() - last_failure_at_ < kRepeatLog) return;
    last_failure_ = error.message;
    last_failure_at_ = Clock::now();
    // That the database is away, or has not the schema yet, is the sync path's to tell.
    const bool is_told = error.code == ErrorCode::unreachable || error.code == ErrorCode::schema;
    LogEvent(is_told ? LogLevel::debug : LogLevel::error, "certificate.keeper_failed")
        .field("error", error.message);
}

}  // namespace gatepost::controlplane
