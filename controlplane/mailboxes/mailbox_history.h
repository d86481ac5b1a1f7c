// Whether the database still knows what it has told. One that was restored from a backup, or whose
// place a replica took that lagged behind, gives UIDs and modseqs out a second time, for other
// messages and other changes: clients that have seen the first ones have to throw away what they
// know of the mailbox. It gets another UIDVALIDITY then, the one signal they have for that
// (RFC 9051 §2.3.1.1), and their sessions end.
//
// Found out in two ways: by numbers that are lower than they were; and, where another server, time
// line or database answers after a new connection, by asking it for the last change of each mailbox
// that is in memory, because by then it may have got past those numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "controlplane/mailboxes/mailbox_context.h"

namespace gatepost::controlplane {

class MailboxHistory {
  public:
    // `reads`: for questions; `loads`: for new numbers. `renumbered` is called for a mailbox that
    // has got another UIDVALIDITY, or is to be looked at again later.
    MailboxHistory(MailboxContext& context, DatabaseLink& reads, DatabaseLink& loads,
                   std::function<void(uint64_t mailbox_id, bool done)> renumbered)
        : context_(context), reads_(reads), loads_(loads), renumbered_(std::move(renumbered)) {}

    // False: the database, asked when sessions had seen the mailbox at `seen`, has gone back behind
    // that. `now` is not to be used; the mailbox gets another UIDVALIDITY.
    bool goes_on(const std::optional<storage::MailboxStatus>& seen,
                 const storage::MailboxStatus& now);
    // After every new connection: `then` is called when all connections may follow the server that
    // answers, and what is resident belongs to it. Where they may not, there will be another one.
    void check(std::function<void()> then);

    uint64_t mailboxes_lost() const { return mailboxes_lost_; }

  private:
    // The mailbox, a UID, a modseq: a message as the last change of its mailbox left it.
    using Claim = std::tuple<uint64_t, uint32_t, uint64_t>;

    void add_claims();
    PipelineQuery contradicted_query() const;
    void take_answer(const std::string& identity, const std::vector<uint64_t>& contradicted);
    void take_contradicted(const std::vector<uint64_t>& mailboxes);
    // `uid_validity`: that of the database now; where it has got another one meanwhile, that will
    // do.
    void renumber(const storage::MailboxStatus& seen, uint32_t uid_validity);
    // Mailboxes that were gone may be there again, as nobody knows how they were then: those that
    // sessions have seen get another UIDVALIDITY.
    void expect_gone_again();

    MailboxContext& context_;
    DatabaseLink& reads_;
    DatabaseLink& loads_;
    const std::function<void(uint64_t, bool)> renumbered_;
    std::string identity_;  // of the database that what is resident comes from; "": not known yet
    // Last changes at the beginning of each check since one has ended well. What another database
    // has told meanwhile is no contradiction to it, and does not take away what the one before has
    // told.
    std::map<Claim, storage::MailboxEntry> claims_;
    std::unordered_map<uint64_t, storage::MailboxStatus> claimed_;
    // Mailboxes that have to get another UIDVALIDITY, as sessions had seen them, until they have
    // it.
    std::unordered_map<uint64_t, storage::MailboxStatus> lost_;
    std::unordered_set<uint64_t> under_way_;  // of them
    unsigned checks_ = 0;                     // under way
    uint64_t mailboxes_lost_ = 0;
};

}  // namespace gatepost::controlplane
