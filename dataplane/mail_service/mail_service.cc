#include "dataplane/mail_service/mail_service.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "dataplane/mail_service/message_inspector.h"

namespace gatepost::dataplane {

namespace {

constexpr uint32_t kEdge = MessageLogOptions().edge;
constexpr uint32_t kTrustedMessagesMax = 1'000'000;  // of a session

}  // namespace

Result<std::unique_ptr<MailService>> MailService::create(const Parts& parts,
                                                         const MailServiceOptions& options) {
    UniqueFd folder(::fcntl(parts.shared.folder(), F_DUPFD_CLOEXEC, 0));
    if (!folder)
        return fail(ErrorCode::refused, "the folder of the message log: {}", std::strerror(errno));
    auto helpers = HelperPort::create(parts.ring, parts.shared.helpers());
    if (!helpers) return tl::unexpected(helpers.error());
    auto resolver = ResolverPort::create(parts.ring, parts.shared.policy().resolver());
    if (!resolver) return tl::unexpected(resolver.error());
    auto cache = LoginCache::create({});
    if (!cache) return tl::unexpected(cache.error());
    return std::unique_ptr<MailService>(new MailService(parts, options, std::move(folder),
                                                        std::move(*helpers), std::move(*resolver),
                                                        std::move(*cache)));
}

MailService::MailService(const Parts& parts, const MailServiceOptions& options, UniqueFd folder,
                         std::unique_ptr<HelperPort> helpers,
                         std::unique_ptr<ResolverPort> resolver, LoginCache cache)
    : shared_(parts.shared),
      worker_(options.worker),
      counters_(shared_.counters(worker_)),
      charsets_(shared_.charsets(worker_)),
      facts_(charsets_),
      courier_(parts.ring, facts_, counters_.delivery),
      folder_(parts.ring, std::move(folder)),
      store_(folder_, timers_, shared_.numbers(), courier_, {.worker = worker_}),
      keeper_(folder_, shared_.numbers(), store_, kEdge),
      helpers_(std::move(helpers)),
      resolver_(std::move(resolver)),
      cache_(std::move(cache)),
      directory_(parts.directory),
      filter_(charsets_, counters_.filter),
      recipients_(parts.directory, options.postmaster),
      login_watch_({.directory = parts.directory,
                    .clock_s = [this] { return now_us() / 1'000'000; },
                    .counters = counters_.logins}),
      login_({.directory = parts.directory,
              .helpers = *helpers_,
              .cache = cache_,
              .watch = login_watch_,
              .courier = courier_,
              .decoy_key = shared_.decoy_key(),
              .mechanisms = options.mechanisms}),
      policy_({.shared = shared_.policy(),
               .counters = counters_.policy,
               .penalty = shared_.penalty(),
               .dns = *resolver_,
               .timers = timers_,
               .directory = parts.directory,
               .recipients = recipients_,
               .clock_s = [this] { return now_us() / 1'000'000; }},
              options.hostname),
      mailboxes_({.ring = parts.ring,
                  .timers = timers_,
                  .mailboxes = parts.mailboxes,
                  .store = store_,
                  .login = login_,
                  .policy = policy_,
                  .charsets = charsets_,
                  .counters = counters_,
                  .imap_tls = parts.imap_tls,
                  .pop3_tls = parts.pop3_tls,
                  .next_blob_id = [this] { return next_blob_id(); }},
                 {.hostname = options.hostname, .message_octets_max = options.message_octets_max}) {
    courier_.serve(store_);
    courier_.serve(keeper_);
    for (size_t role = 0; role < kSmtpRoles; ++role) {
        SmtpOptions smtp;
        smtp.role = static_cast<SmtpRole>(role);
        smtp.server_name = options.hostname;
        smtp.message_octets_max = options.message_octets_max;
        smtp.recipients_max = options.recipients_max;
        // A host that hands mail over, and a program of this one, has no certificate to look at,
        // and keeps its connection.
        if (smtp.is_trusted())
            smtp.messages_max = kTrustedMessagesMax;
        else
            smtp.tls = &parts.smtp_tls;
        protocols_[role].emplace(*this, std::move(smtp));
    }
}

void MailService::start(uint64_t now_ms) {
    timers_.advance(now_ms);
    helpers_->start();
    resolver_->start();
    store_.start();
    store_.adopt(shared_.left_over(worker_));
}

void MailService::finish_turn() {
    courier_.turn(timers_.now_ms());
    mailboxes_.finish_turn();
    counters_.store.publish(store_.counters());
}

void MailService::close() {
    helpers_->close();
    resolver_->close();
    courier_.stop();
    mailboxes_.close();
}

std::unique_ptr<MessageScanner> MailService::make_scanner() {
    const DirectoryNow now = directory_();
    return std::make_unique<MessageInspector>(
        charsets_, now.view != nullptr ? filter_.make_scan(*now.view) : nullptr);
}

int64_t MailService::now_us() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace gatepost::dataplane
