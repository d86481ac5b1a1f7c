#include "controlplane/mailboxes/mailbox_service.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "controlplane/mailboxes/mailbox_service_thread.h"

namespace gatepost::controlplane {

MailboxService::MailboxService(MailboxServiceOptions options, storage::Qsbr& qsbr,
                               MailboxServiceHooks hooks)
    : options_(std::move(options)), qsbr_(qsbr), hooks_(std::move(hooks)) {}

MailboxService::~MailboxService() {
    request_stop();
    if (thread_.joinable()) thread_.join();
}

Status MailboxService::start() {
    {
        const std::lock_guard lock(mutex_);
        wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        started_ = true;
        stopped_ = false;
    }
    if (!wake_) return fail(ErrorCode::refused, "making an eventfd: {}", std::strerror(errno));
    auto ready = std::make_shared<MailboxServiceThread>(*this);
    if (Status ok = ready->start(); !ok) return ok;
    thread_ = std::thread([this, thread = std::move(ready)]() mutable {
        thread->run();
        // Ends the connections' threads, too.
        thread.reset();
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        stopped_changed_.notify_all();
    });
    return {};
}

void MailboxService::post(Call call) {
    const std::lock_guard lock(mutex_);
    if (!started_) return;
    calls_.push_back(std::move(call));
    if (calls_.size() == 1) wake();
}

void MailboxService::request_stop() {
    stop_ = true;
    const std::lock_guard lock(mutex_);
    wake();
}

void MailboxService::wake() const {
    const uint64_t one = 1;
    if (wake_) (void)!::write(wake_.get(), &one, sizeof one);
}

bool MailboxService::wait_stopped(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    return stopped_changed_.wait_for(lock, timeout, [this] { return stopped_; });
}

MailboxServiceStatus MailboxService::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

void MailboxService::add_connection(unsigned worker, UniqueFd socket) {
    auto shared = std::make_shared<UniqueFd>(std::move(socket));
    post([worker, shared](MailboxServiceThread& thread) {
        thread.add_connection(worker, std::move(*shared));
    });
}

void MailboxService::notice(std::vector<MailboxNotice> notices) {
    auto shared = std::make_shared<std::vector<MailboxNotice>>(std::move(notices));
    post([shared](MailboxServiceThread& thread) { thread.take_notices(std::move(*shared)); });
}

void MailboxService::compare_all() {
    post([](MailboxServiceThread& thread) { thread.compare_all(); });
}

void MailboxService::bodies_moved(std::vector<MovedMessage> messages) {
    post([messages = std::move(messages)](MailboxServiceThread& thread) {
        thread.bodies_moved(messages);
    });
}

void MailboxService::disconnect(uint64_t account_id, const std::string& reason) {
    post([account_id, reason](MailboxServiceThread& thread) {
        thread.disconnect(account_id, reason);
    });
}

void MailboxService::list_sessions(uint64_t account_id, SessionQuestions::Take take) {
    post([account_id, take = std::move(take)](MailboxServiceThread& thread) {
        thread.list_sessions(account_id, take);
    });
}

}  // namespace gatepost::controlplane
