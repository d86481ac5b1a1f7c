// Rows of the tables about mailboxes; see rows.h for the way columns are found.
#pragma once

#include "controlplane/sync/mailbox_notice.h"
#include "controlplane/sync/rows.h"

namespace gatepost::controlplane {

class MailboxColumns {
  public:
    static constexpr std::string_view kTable = "mailboxes";
    static constexpr std::array<std::string_view, 12> kNames = {
        "id",           "account_id",     "uid_validity",
        "uid_next",     "highest_modseq", "message_count",
        "unseen_count", "deleted_count",  "byte_count",
        "subscribed",   "special_use",    "name"};

    static Result<MailboxColumns> resolve(std::span<const std::string_view> columns);
    Result<MailboxNotice> row(Tuple tuple) const;
    Result<MailboxNotice> key(Tuple tuple) const;

  private:
    ColumnIndexes<kNames.size()> index_{};
};

class MailboxAclColumns {
  public:
    static constexpr std::string_view kTable = "mailbox_acl";
    static constexpr std::array<std::string_view, 1> kNames = {"mailbox_id"};

    static Result<MailboxAclColumns> resolve(std::span<const std::string_view> columns);
    Result<MailboxNotice> row(Tuple tuple) const;
    Result<MailboxNotice> key(Tuple tuple) const { return row(tuple); }

  private:
    ColumnIndexes<kNames.size()> index_{};
};

class MailboxSubscriptionColumns {
  public:
    static constexpr std::string_view kTable = "mailbox_subscriptions";
    static constexpr std::array<std::string_view, 1> kNames = {"account_id"};

    static Result<MailboxSubscriptionColumns> resolve(std::span<const std::string_view> columns);
    Result<MailboxNotice> row(Tuple tuple) const;
    Result<MailboxNotice> key(Tuple tuple) const { return row(tuple); }

  private:
    ColumnIndexes<kNames.size()> index_{};
};

}  // namespace gatepost::controlplane
