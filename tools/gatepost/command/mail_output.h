// How domains of mail, accounts and credentials are shown, and what the verbs on them share.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/model/account.h"
#include "controlplane/model/credential.h"
#include "controlplane/model/mail_domain.h"
#include "storage/base/error.h"
#include "tools/gatepost/cli/command.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/cli/edge_wait.h"
#include "tools/gatepost/command/password_input.h"

namespace gatepost::tools {

inline constexpr OptionSpec kQuotaOption = {"--quota", "SIZE",
                                            "for all mail: 20GB, 512MiB; none: without limit"};
inline constexpr OptionSpec kQuotaMessagesOption = {"--messages", "N",
                                                    "of messages; 0: without limit"};

// "20GB", "none". nullopt where the option was not given.
Result<std::optional<uint64_t>> quota_option(const Arguments& arguments, std::string_view name);
Result<uint64_t> quota_from_text(std::string_view text, std::string_view option);
// "1.5 MiB of 18.6 GiB", "1.5 MiB"; messages where there is a limit of them.
std::string quota_text(const controlplane::Account& account);

nlohmann::ordered_json account_json(const controlplane::Account& account);
std::string account_table(const std::vector<controlplane::Account>& accounts);
// All about one, a line for each fact.
std::string account_text(const controlplane::Account& account);

nlohmann::ordered_json credential_json(const controlplane::CredentialInfo& credential);
std::string credential_table(const std::vector<controlplane::CredentialInfo>& credentials);

nlohmann::ordered_json mail_domain_json(const controlplane::MailDomain& domain);
std::string mail_domain_text(const controlplane::MailDomain& domain);

// Lines of "- ada@example.org …" and "+ …"; JSON with before and after. `password`: shown, but not
// after a dry run.
void report_account(Context& context, const Arguments& arguments,
                    const controlplane::AccountResult& result, const NewPassword& password = {});
void report_credential(Context& context, const Arguments& arguments, const std::string& address,
                       const controlplane::CredentialResult& result,
                       const NewPassword& password = {});
void report_mail_domain(Context& context, const Arguments& arguments,
                        const controlplane::MailDomainResult& result);

}  // namespace gatepost::tools
