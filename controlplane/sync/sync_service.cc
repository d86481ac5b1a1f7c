#include "controlplane/sync/sync_service.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "controlplane/log/event_log.h"
#include "controlplane/sync/clock.h"

namespace gatepost::controlplane {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBackoffMin{100};
constexpr milliseconds kBackoffMax{2000};
// A database that needs a person (schema, permission) is looked at less often.
constexpr milliseconds kBackoffPerson{5000};
constexpr int64_t kRepeatLogUs = 60'000'000;  // an unchanged error is logged once a minute

// libpq's messages have several lines, the later ones indented.
std::string on_one_line(const std::string& text) {
    std::string line;
    for (const char c : text) {
        const bool is_blank = c == '\n' || c == '\t' || c == ' ';
        if (!is_blank)
            line += c;
        else if (!line.empty() && line.back() != ' ')
            line += ' ';
    }
    return line;
}

void ring(int eventfd) {
    const uint64_t one = 1;
    (void)!::write(eventfd, &one, sizeof one);
}

}  // namespace

SyncService::SyncService(SyncOptions options, storage::RuntimePage& page, SyncHooks hooks)
    : options_(std::move(options)), page_(page), hooks_(std::move(hooks)) {}

SyncService::~SyncService() {
    request_stop();
    if (thread_.joinable()) thread_.join();
}

Status SyncService::start() {
    signals_.wake = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!signals_.wake)
        return fail(ErrorCode::refused, "making an eventfd: {}", std::strerror(errno));
    board_.set_phase(SyncPhase::connecting);
    stopped_ = false;
    thread_ = std::thread([this] {
        run();
        const std::lock_guard lock(stopped_mutex_);
        stopped_ = true;
        stopped_changed_.notify_all();
    });
    return {};
}

void SyncService::request_stop() {
    signals_.stop = true;
    if (signals_.wake) ring(signals_.wake.get());
}

bool SyncService::wait_stopped(milliseconds timeout) {
    std::unique_lock lock(stopped_mutex_);
    return stopped_changed_.wait_for(lock, timeout, [this] { return stopped_; });
}

void SyncService::set_probing(bool probing) {
    const bool was_probing = signals_.probing.exchange(probing);
    if (probing && !was_probing) ring(signals_.wake.get());
}

void SyncService::run() {
    milliseconds backoff = kBackoffMin;
    while (!signals_.stop) {
        SyncSession session(options_, page_, board_, hooks_, signals_, store_);
        const Status ended = session.run();
        if (ended || signals_.stop) break;
        if (session.has_streamed()) backoff = kBackoffMin;
        if (ended.error().code == ErrorCode::conflict && session.has_streamed()) {
            log_info("sync.reload").field("reason", ended.error().message);
        } else {
            note_down(ended.error());
        }
        const bool for_person =
            ended.error().code == ErrorCode::schema || ended.error().code == ErrorCode::permission;
        if (!pause(for_person ? kBackoffPerson : backoff)) break;
        backoff = std::min(backoff * 2, kBackoffMax);
    }
}

void SyncService::note_down(const Error& error) {
    const std::string reason = on_one_line(error.message);
    board_.set_phase(SyncPhase::down, reason);
    if (reason == last_logged_ && now_us() - last_logged_us_ < kRepeatLogUs) return;
    last_logged_ = reason;
    last_logged_us_ = now_us();
    log_error("sync.down").field("error", reason);
}

bool SyncService::pause(milliseconds duration) {
    const auto until = std::chrono::steady_clock::now() + duration;
    while (!signals_.stop) {
        const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) return true;
        pollfd fd{signals_.wake.get(), POLLIN, 0};
        if (::poll(&fd, 1, static_cast<int>(left.count())) > 0) {
            uint64_t count;
            (void)!::read(signals_.wake.get(), &count, sizeof count);
        }
    }
    return false;
}

}  // namespace gatepost::controlplane
