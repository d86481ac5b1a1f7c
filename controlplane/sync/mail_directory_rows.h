// Rows of the tables that the directory's entries about mail are made of; see rows.h for the way
// columns are found.
#pragma once

#include "controlplane/directory/mail_rows.h"
#include "controlplane/sync/rows.h"

namespace gatepost::controlplane {

class MailDomainColumns {
  public:
    static constexpr std::string_view kTable = "mail_domains";
    static constexpr std::array<std::string_view, 10> kNames = {"id",
                                                                "name",
                                                                "active",
                                                                "alias_of",
                                                                "subaddress_delimiters",
                                                                "display_name",
                                                                "short_display_name",
                                                                "imap_host",
                                                                "pop_host",
                                                                "smtp_host"};

    static Result<MailDomainColumns> resolve(std::span<const std::string_view> columns);
    Result<MailDomainRow> row(Tuple tuple) const;
    Result<MailDomainKey> key(Tuple tuple) const;

  private:
    ColumnIndexes<kNames.size()> index_{};
};

class MailAccountColumns {
  public:
    static constexpr std::string_view kTable = "accounts";
    static constexpr std::array<std::string_view, 7> kNames = {
        "id", "address", "state", "role", "quota_bytes", "quota_messages", "over_quota"};

    static Result<MailAccountColumns> resolve(std::span<const std::string_view> columns);
    Result<MailAccountRow> row(Tuple tuple) const;
    Result<MailAccountKey> key(Tuple tuple) const;

  private:
    ColumnIndexes<kNames.size()> index_{};
};

class MailCredentialColumns {
  public:
    static constexpr std::string_view kTable = "credentials";
    static constexpr std::array<std::string_view, 7> kNames = {
        "id", "account_id", "kind", "services", "hash", "expires_at", "generation"};

    static Result<MailCredentialColumns> resolve(std::span<const std::string_view> columns);
    Result<MailCredentialRow> row(Tuple tuple) const;
    Result<MailCredentialKey> key(Tuple tuple) const;

  private:
    ColumnIndexes<kNames.size()> index_{};
};

class MailAliasColumns {
  public:
    static constexpr std::string_view kTable = "aliases";
    static constexpr std::array<std::string_view, 4> kNames = {"id", "source", "target", "active"};

    static Result<MailAliasColumns> resolve(std::span<const std::string_view> columns);
    Result<MailAliasRow> row(Tuple tuple) const;
    Result<MailAliasKey> key(Tuple tuple) const;

  private:
    ColumnIndexes<kNames.size()> index_{};
};

}  // namespace gatepost::controlplane
