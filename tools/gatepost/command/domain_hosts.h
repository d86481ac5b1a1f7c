// The host names that a domain has for mail programs: read, and looked at against what else there
// is.
#pragma once

#include <string_view>

#include "controlplane/model/mail_domain.h"
#include "controlplane/pg/connection.h"
#include "storage/base/error.h"
#include "tools/gatepost/cli/command.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/service_records.h"

namespace gatepost::tools {

// --imap-host, --pop-host, --smtp-host, --display-name, --short-name, as far as they are given.
Status read_client_names(const Arguments& arguments, controlplane::MailDomainChange& change);

// Of a mail domain, or of the one that it is an alias of. None where there is no such domain (yet).
Result<ServiceHosts> service_hosts(controlplane::Connection& connection, std::string_view domain);

// After the hosts of `after` were set to what they are: warns of those that no certificate is for,
// and names the SRV records of its zone (RFC 6186) that say something else. What cannot be read is
// passed over.
void warn_about_hosts(Context& context, controlplane::Connection& connection,
                      const controlplane::MailDomain& after);

}  // namespace gatepost::tools
