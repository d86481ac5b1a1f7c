#include "controlplane/mailboxes/database_link.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "controlplane/log/event_log.h"

namespace gatepost::controlplane {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kBackoffMin{100};
constexpr milliseconds kBackoffMax{2000};
// A database that needs a person (schema, permission) is looked at less often.
constexpr milliseconds kBackoffPerson{5000};
constexpr seconds kRepeatLog{60};         // an unchanged error is logged once a minute
constexpr milliseconds kStopGrace{1000};  // for the transaction that is under way
constexpr milliseconds kIdleMax{60'000};
// Connections that find other servers all the time are made anew so often.
constexpr milliseconds kLeavePause{1000};

// Another server, another time line of it (after every promotion), another database on it.
constexpr const char* kIdentity =
    "SELECT concat_ws('/', (SELECT c.system_identifier FROM pg_control_system() c), "
    "(SELECT d.oid FROM pg_database d WHERE d.datname = current_database()), "
    "CASE WHEN pg_is_in_recovery() THEN '' "
    "ELSE substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END)";

void ring(int eventfd) {
    const uint64_t one = 1;
    (void)!::write(eventfd, &one, sizeof one);
}

PipelineFailure not_connected() {
    return {Fault::away, "", "not connected to PostgreSQL", ""};
}

}  // namespace

PipelineFailure another_server() {
    return {Fault::away, "", "another server has taken the database's place", ""};
}

void DatabaseSession::prepare(StatementWait& wait) const {
    const bool is_stopping = stop_;
    wait.deadline = std::chrono::steady_clock::now() +
                    (is_stopping ? milliseconds(kStopGrace) : milliseconds(options_.answer_max));
    wait.wake = is_stopping ? -1 : wake_;
    // It stays readable: looked at once.
    wait.woken = [&wait] {
        wait.wake = -1;
        return std::chrono::steady_clock::now() + kStopGrace;
    };
}

Pipeline::Results DatabaseSession::run(std::span<const PipelineQuery> queries) {
    if (pipeline_ == nullptr) return tl::unexpected(not_connected());
    if (!agreement_.is_current(era_, identity_)) return tl::unexpected(another_server());
    Pipeline::Results results = run_anywhere(queries);
    if (!results || agreement_.is_current(era_, identity_)) return results;
    PipelineFailure failure = another_server();
    failure.is_unknown = true;
    return tl::unexpected(std::move(failure));
}

Pipeline::Results DatabaseSession::run_anywhere(std::span<const PipelineQuery> queries) {
    if (pipeline_ == nullptr) return tl::unexpected(not_connected());
    StatementWait wait;
    prepare(wait);
    return pipeline_->run(queries, wait);
}

void DatabaseSession::leave() {
    if (pipeline_ == nullptr) return;
    pipeline_->connection().close();
    has_left_ = true;
}

tl::expected<void, PipelineFailure> DatabaseSession::stream(const std::string& sql,
                                                            const Pipeline::TakeMessage& take) {
    if (pipeline_ == nullptr) return tl::unexpected(not_connected());
    if (!agreement_.is_current(era_, identity_)) return tl::unexpected(another_server());
    StatementWait wait;
    prepare(wait);
    auto streamed = pipeline_->stream(sql, take, wait);
    if (!streamed || agreement_.is_current(era_, identity_)) return streamed;
    return tl::unexpected(another_server());
}

DatabaseLink::DatabaseLink(DatabaseLinkOptions options, Changed changed)
    : options_(std::move(options)), changed_(std::move(changed)), backoff_(kBackoffMin) {}

DatabaseLink::~DatabaseLink() {
    request_stop();
    if (thread_.joinable()) thread_.join();
}

Status DatabaseLink::start() {
    wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    news_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_ || !news_)
        return fail(ErrorCode::refused, "making an eventfd: {}", std::strerror(errno));
    stopped_ = false;
    thread_ = std::thread([this] {
        run();
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        stopped_changed_.notify_all();
    });
    return {};
}

void DatabaseLink::request_stop() {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    if (wake_) ring(wake_.get());
}

bool DatabaseLink::wait_stopped(milliseconds timeout) {
    std::unique_lock lock(mutex_);
    return stopped_changed_.wait_for(lock, timeout, [this] { return stopped_; });
}

void DatabaseLink::post(Job job) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({options_.agreement.era(), std::move(job)});
    if (news_) ring(news_.get());
}

std::optional<DatabaseLink::Posted> DatabaseLink::next_job() {
    const std::lock_guard lock(mutex_);
    if (stop_ || jobs_.empty()) return std::nullopt;
    Posted job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
}

bool DatabaseLink::is_left_behind() const {
    return pipeline_.is_open() && !options_.agreement.is_newest(identity_);
}

void DatabaseLink::wait() {
    int64_t left = kIdleMax.count();
    if (!pipeline_.is_open())
        left = std::chrono::ceil<milliseconds>(next_attempt_ - Clock::now()).count();
    {
        const std::lock_guard lock(mutex_);
        if (!jobs_.empty()) left = 0;
    }
    pollfd polls[] = {{wake_.get(), POLLIN, 0},
                      {news_.get(), POLLIN, 0},
                      {pipeline_.is_open() ? pipeline_.connection().socket() : -1, POLLIN, 0}};
    const int timeout = static_cast<int>(std::clamp<int64_t>(left, 0, kIdleMax.count()));
    if (::poll(polls, std::size(polls), timeout) <= 0) return;
    if (polls[1].revents != 0) {
        uint64_t count;
        (void)!::read(news_.get(), &count, sizeof count);
    }
    if (polls[2].revents == 0) return;
    // Nothing was asked: it is the end, or a notice.
    PGconn* conn = pipeline_.connection().raw();
    if (PQconsumeInput(conn) != 0 && PQstatus(conn) == CONNECTION_OK) return;
    const Error error = pipeline_.connection().last_error();
    pipeline_.connection().close();
    lost(error);
}

void DatabaseLink::run() {
    while (!stop_) {
        if (is_left_behind()) {
            pipeline_.connection().close();
            lost({ErrorCode::unreachable, "other connections have found another server"});
            pause();
        }
        if (!pipeline_.is_open() && Clock::now() >= next_attempt_) connect();
        wait();
        while (!is_left_behind()) {
            const std::optional<Posted> posted = next_job();
            if (!posted) break;
            DatabaseSession session(pipeline_.is_open() ? &pipeline_ : nullptr, wake_.get(), stop_,
                                    options_, identity_, posted->era);
            posted->job(session);
            if (pipeline_.is_open() || !was_open_) continue;
            lost({ErrorCode::unreachable, "the connection to PostgreSQL broke"});
            if (session.has_left()) pause();
            break;
        }
    }
}

void DatabaseLink::pause() {
    next_attempt_ = std::max(next_attempt_, left_at_ + kLeavePause);
    left_at_ = Clock::now();
}

void DatabaseLink::connect() {
    auto opened = Connection::open(options_.dsn, options_.application_name);
    if (!opened) return lost(opened.error());
    if (auto begun = opened->exec(options_.begin_session); !begun) return lost(begun.error());
    auto identity = opened->exec(kIdentity);
    if (!identity) return lost(identity.error());
    identity_ = identity->text(0, 0);
    options_.agreement.found(identity_);
    pipeline_ = Pipeline(std::move(*opened));
    was_open_ = true;
    backoff_ = kBackoffMin;
    logged_error_.clear();
    log_info("mailboxes.connected").field("connection", options_.application_name);
    changed_(true, "");
}

void DatabaseLink::lost(const Error& error) {
    const Clock::time_point now = Clock::now();
    if (error.message != logged_error_ || now >= logged_at_ + kRepeatLog) {
        log_warning("mailboxes.database_away")
            .field("connection", options_.application_name)
            .field("error", error.message);
        logged_error_ = error.message;
        logged_at_ = now;
    }
    const bool for_person = error.code == ErrorCode::schema || error.code == ErrorCode::permission;
    // One that broke is made again at once.
    next_attempt_ = was_open_ ? now : now + (for_person ? kBackoffPerson : backoff_);
    if (!was_open_) backoff_ = std::min(backoff_ * 2, kBackoffMax);
    was_open_ = false;
    changed_(false, error.message);
}

}  // namespace gatepost::controlplane
