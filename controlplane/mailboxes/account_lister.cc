#include "controlplane/mailboxes/account_lister.h"

#include <algorithm>

namespace gatepost::controlplane {

namespace {

using storage::MailboxOutcome;

// Lists that one query loads: a slice of some milliseconds.
constexpr size_t kAccountsOfQuery = 256;

uint64_t serial_of(const MailboxArena& arena, uint64_t account_id) {
    const auto account = arena.view().account(account_id);
    return account ? account->serial() : 0;
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

void AccountLister::pump() {
    if (is_asking_ || (owners_.empty() && mailboxes_.empty() && waiters_.empty())) return;
    const std::vector<uint64_t> owners(owners_.begin(), owners_.end());
    const std::vector<uint64_t> mailboxes(mailboxes_.begin(), mailboxes_.end());
    owners_.clear();
    mailboxes_.clear();
    is_asking_ = true;
    std::vector<PipelineQuery> queries(1, viewers_query(owners, mailboxes));
    context_.ask(
        reads_, std::move(queries), [](std::vector<PgResult> rows) { return ids_of(rows[0]); },
        [this, mailboxes, waiters = std::exchange(waiters_, {})](
            const tl::expected<std::vector<uint64_t>, PipelineFailure>& viewers) {
            is_asking_ = false;
            if (!viewers) {
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
        [this, rest = std::move(rest),
         waiters = std::move(waiters)](const tl::expected<AccountLists, PipelineFailure>& lists) {
            if (lists) {
                take(*lists);
                return load(rest, waiters);
            }
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
