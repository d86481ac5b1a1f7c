// The judgement of `gatepost nic list`: who answers the queries that come in by an interface, and
// why it is not poll mode where it is not. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tools/gatepost/nic/nic_findings.h"

namespace gatepost::tools {

enum class AnsweredBy : uint8_t { poll_mode, kernel_sockets, other_gatepost, nobody, unknown };

std::string_view answered_by_name(AnsweredBy by);

// What the running instance's status says of the interface.
struct ReportedNic {
    pid_t pid = 0;  // 0: its process does not run
    bool ready = false;
};

struct NicUse {
    AnsweredBy answered_by = AnsweredBy::nobody;
    std::string reason;
    std::string poll_mode;  // what poll mode is, or would be here: "af_xdp, native, one copy"
};

// `reported`: nullopt where there is no [[nic]] for the interface, or the instance says nothing.
NicUse judge_use(const NicSituation& situation, bool configured,
                 const std::optional<ReportedNic>& reported);

}  // namespace gatepost::tools
