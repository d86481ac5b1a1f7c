// How aliases, and where they lead, are shown.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "controlplane/model/mail_alias.h"
#include "controlplane/model/mail_route.h"
#include "tools/gatepost/cli/command.h"
#include "tools/gatepost/cli/context.h"

namespace gatepost::tools {

// "yes"; else what is wrong: "nobody has eve@example.org", "circle".
std::string route_verdict(const controlplane::MailRoute& route);
nlohmann::ordered_json route_json(const controlplane::MailRoute& route);

nlohmann::ordered_json alias_json(const controlplane::MailAliasInfo& alias);
std::string alias_table(const std::vector<controlplane::MailAliasInfo>& aliases);

void report_aliases(Context& context, const Arguments& arguments,
                    const controlplane::MailAliasResult& result);

}  // namespace gatepost::tools
