// The mailboxes' part of `gatepost status`, and who is connected to them, as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "controlplane/mailboxes/mailbox_service.h"

namespace gatepost::controlplane {

nlohmann::json mailbox_report(const MailboxServiceStatus& status);
nlohmann::json session_report(const SessionList& list);

}  // namespace gatepost::controlplane
