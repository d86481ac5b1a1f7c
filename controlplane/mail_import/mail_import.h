// What comes over from another mail system, and its way into ours: in one transaction, and so that
// a second run changes nothing. What is here already stays as it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "controlplane/model/filing_rule.h"
#include "controlplane/model/mail_alias.h"
#include "controlplane/model/mail_domain.h"
#include "controlplane/model/write.h"
#include "controlplane/pg/connection.h"
#include "controlplane/pg/lsn.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct ImportedDomain {
    std::string name;
    MailDomainChange properties;
};

struct ImportedPassword {
    std::string hash;  // "{SCHEME}…"
    std::vector<std::string> services = {"*"};
};

struct ImportedAccount {
    std::string address;
    std::string display_name;
    std::string role = "user";
    bool active = true;
    std::optional<uint64_t> quota_bytes;  // nullopt: the domain's default
    std::optional<uint64_t> quota_messages;
    std::vector<ImportedPassword> passwords;
};

struct ImportedRule {
    std::string address;
    FilingRule rule;
};

// Names and addresses are normalized when they are added; what is none is put among the skipped,
// with the reason.
class MailImport {
  public:
    void add_domain(std::string_view name, MailDomainChange properties = {});
    // Its domain comes too. `place` is said of what is skipped: "valias:7".
    void add_account(ImportedAccount account, std::string_view place);
    void add_alias(std::string_view source, std::string_view target, bool active,
                   std::string_view place);
    void add_rule(std::string_view address, FilingRule rule, std::string_view place);
    void skip(std::string_view place, std::string_view why);

    const std::vector<ImportedDomain>& domains() const { return domains_; }
    const std::vector<ImportedAccount>& accounts() const { return accounts_; }
    const std::vector<MailAlias>& aliases() const { return aliases_; }
    const std::vector<ImportedRule>& rules() const { return rules_; }
    const std::vector<std::string>& skipped() const { return skipped_; }

    // The account that was added under that address; nullptr: none.
    ImportedAccount* account(std::string_view address);

  private:
    std::vector<ImportedDomain> domains_;
    std::vector<ImportedAccount> accounts_;
    std::vector<MailAlias> aliases_;
    std::vector<ImportedRule> rules_;
    std::vector<std::string> skipped_;
    std::unordered_map<std::string, size_t> by_address_;  // of accounts_
    std::unordered_set<std::string> seen_aliases_;        // "source\ntarget"
};

struct MailImportResult {
    size_t domains_added = 0;
    size_t domains_kept = 0;
    size_t accounts_added = 0;
    size_t accounts_kept = 0;  // as they were, with their passwords
    size_t aliases_added = 0;
    size_t aliases_kept = 0;
    size_t rules_added = 0;
    std::vector<std::string> skipped;  // a sentence each
    Lsn lsn = 0;                       // 0 after a dry run, or where nothing changed
};

Result<MailImportResult> mail_import_apply(Connection& connection, const MailImport& import,
                                           const WriteOptions& options);

// A hash as another system stored it, with its scheme in front. A password that stood there as it
// is, is hashed. Fails where that is not possible.
Result<std::string> imported_hash(std::string_view stored, std::string_view scheme);

}  // namespace gatepost::controlplane
