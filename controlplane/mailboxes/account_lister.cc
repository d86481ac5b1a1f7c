#include "controlplane/mailboxes/account_lister.h"

#include <algorithm>

#include "controlplane/log/event_log.h"

namespace gatepost::controlplane {

namespace {

using storage::MailboxOutcome;
using Clock = std::chrono::steady_clock;

// Lists that one query loads: a slice of some milliseconds.
constexpr size_t kAccountsOfQuery = 256;

uint64_t serial_of(const MailboxArena& arena, uint64_t account_id) {
    const auto account = arena.view().account(account_id);
    return account ? account->serial() : 0;
}

// Others see a mailbox as "Other Users/ADDRESS/NAME": the name. A domain has no '/'.
std::string_view name_at_owner(std::string_view shared) {
    const size_t domain = shared.find('@');
    const size_t end = domain == shared.npos ? domain : shared.find('/', domain);
    return end == shared.npos ? std::string_view() : shared.substr(end + 1);
}

}  // namespace

void AccountLister::open(uint64_t account_id, Done done) {
    if (context_.arena->has_account(account_id)) return done({});
    std::vector<Done>& waiters = opening_[account_id];
    waiters.push_back(std::move(done));
    if (waiters.size() > 1) return;
    const std::vector<uint64_t> accounts = {account_id};
    context_.ask(
        reads_, account_queries(accounts),
        [accounts](std::vector<PgResult> rows) {
            return account_lists_of(std::move(rows), accounts);
        },
        [this, account_id](const tl::expected<AccountLists, PipelineFailure>& lists) {
            Answer answer;
            if (!lists) {
                answer = Answer::of(lists.error());
            } else {
                take_statuses_(lists->statuses);
                answer = put(lists->accounts[0]);
            }
            const auto waiting = opening_.extract(account_id);
            if (distrusted_.erase(account_id) != 0) owners_.insert(account_id);
            for (const Done& waiter : waiting.mapped()) waiter(answer);
        });
}

Answer AccountLister::put(const AccountList& list) {
    if (list.mailboxes.empty()) {
        context_.arena->remove_account(list.account_id);
        return {MailboxOutcome::not_found, "there is no such account"};
    }
    if (!context_.arena->put_account(list)) return Answer::full();
    return {};
}

void AccountLister::relist(std::span<const uint64_t> owners, std::span<const uint64_t> mailboxes,
                           Done done) {
    owners_.insert(owners.begin(), owners.end());
    mailboxes_.insert(mailboxes.begin(), mailboxes.end());
    if (done) waiters_.push_back(std::move(done));
}

void AccountLister::relist_as_told(std::span<const uint64_t> owners,
                                   std::span<const uint64_t> mailboxes) {
    relist(owners, mailboxes, {});
    const Clock::time_point now = Clock::now();
    for (const uint64_t id : owners) later_owners_.add(id, now);
    for (const uint64_t id : mailboxes) later_mailboxes_.add(id, now);
}

std::optional<Clock::time_point> AccountLister::due() const {
    if (is_asking_) return std::nullopt;
    if (!owners_.empty() || !mailboxes_.empty() || !waiters_.empty()) return ask_again_at_;
    return earlier(later_owners_.due(), later_mailboxes_.due());
}

void AccountLister::ask_again(std::span<const uint64_t> owners, std::span<const uint64_t> mailboxes,
                              const PipelineFailure& failure) {
    if (failure.fault == Fault::away || (owners.empty() && mailboxes.empty())) return;
    relist(owners, mailboxes, {});
    ask_again_at_ = Clock::now() + kAskAgain;
    log_warning("mailboxes.relist_failed")
        .field("sqlstate", failure.sqlstate)
        .field("error", failure.message);
}

void AccountLister::pump() {
    const auto ready = due();
    const Clock::time_point now = Clock::now();
    if (!ready || now < *ready) return;
    relist(later_owners_.take_due(now), later_mailboxes_.take_due(now), {});
    const std::vector<uint64_t> owners(owners_.begin(), owners_.end());
    const std::vector<uint64_t> mailboxes(mailboxes_.begin(), mailboxes_.end());
    owners_.clear();
    mailboxes_.clear();
    is_asking_ = true;
    std::vector<PipelineQuery> queries(1, viewers_query(owners, mailboxes));
    context_.ask(
        reads_, std::move(queries), [](std::vector<PgResult> rows) { return ids_of(rows[0]); },
        [this, owners, mailboxes, waiters = std::exchange(waiters_, {})](
            const tl::expected<std::vector<uint64_t>, PipelineFailure>& viewers) {
            is_asking_ = false;
            if (!viewers) {
                ask_again(owners, mailboxes, viewers.error());
                for (const Done& waiter : waiters) waiter(Answer::of(viewers.error()));
                return;
            }
            std::set<uint64_t> accounts(viewers->begin(), viewers->end());
            // Those that see it no longer.
            for (const uint64_t mailbox : mailboxes)
                accounts.merge([&] {
                    const auto ids = context_.arena->accounts_that_list(mailbox);
                    return std::set<uint64_t>(ids.begin(), ids.end());
                }());
            std::erase_if(accounts,
                          [this](uint64_t id) { return !context_.arena->has_account(id); });
            load({accounts.begin(), accounts.end()}, waiters);
        });
}

bool AccountLister::shows(const MailboxRow& row) const {
    const auto id = static_cast<uint64_t>(row.id);
    const auto owner = context_.arena->view().account(static_cast<uint64_t>(row.account_id));
    if (owner) {
        const auto listed = owner->find(id);
        if (!listed || listed->name != row.name || listed->subscribed != row.subscribed ||
            listed->special_use != special_use_of(row.special_use))
            return false;
    }
    for (const uint64_t account_id : context_.arena->accounts_that_list(id)) {
        if (account_id == static_cast<uint64_t>(row.account_id)) continue;
        const auto account = context_.arena->view().account(account_id);
        const auto listed = account ? account->find(id) : std::nullopt;
        if (listed && name_at_owner(listed->name) != row.name) return false;
    }
    return true;
}

void AccountLister::distrust_loads() {
    for (const auto& [id, waiters] : opening_) distrusted_.insert(id);
}

void AccountLister::relist_all() {
    load(context_.arena->accounts(), {});
}

void AccountLister::load(std::vector<uint64_t> accounts, std::vector<Done> waiters) {
    if (accounts.empty()) {
        for (const Done& waiter : waiters) waiter({});
        return;
    }
    const size_t count = std::min(accounts.size(), kAccountsOfQuery);
    std::vector<uint64_t> rest(accounts.begin() + static_cast<ptrdiff_t>(count), accounts.end());
    accounts.resize(count);
    context_.ask(
        reads_, account_queries(accounts),
        [accounts](std::vector<PgResult> rows) {
            return account_lists_of(std::move(rows), accounts);
        },
        [this, accounts, rest = std::move(rest),
         waiters = std::move(waiters)](const tl::expected<AccountLists, PipelineFailure>& lists) {
            if (lists) {
                take(*lists);
                return load(rest, waiters);
            }
            ask_again(accounts, {}, lists.error());
            ask_again(rest, {}, lists.error());
            for (const Done& waiter : waiters) waiter(Answer::of(lists.error()));
        });
}

void AccountLister::take(const AccountLists& lists) {
    take_statuses_(lists.statuses);
    for (const AccountList& list : lists.accounts) {
        // Evicted meanwhile.
        if (!context_.arena->has_account(list.account_id)) continue;
        const uint64_t before = serial_of(*context_.arena, list.account_id);
        (void)put(list);
        if (serial_of(*context_.arena, list.account_id) != before)
            context_.workers.account_changed(list.account_id);
    }
}

}  // namespace gatepost::controlplane
