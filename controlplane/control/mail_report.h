// The part of `status` about mail.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "controlplane/commit/commit_service.h"

namespace gatepost::controlplane {

nlohmann::json mail_report(const CommitStatus& status);

}  // namespace gatepost::controlplane
