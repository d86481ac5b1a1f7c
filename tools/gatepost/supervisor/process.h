// Starting programs: what to run, as whom, with which descriptors; and how one ended.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "storage/base/error.h"

namespace gatepost::tools {

struct SystemUser {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
};

Result<SystemUser> find_user(const std::string& name);

struct ProcessSpec {
    std::vector<std::string> argv;         // argv[0] is the program's path
    std::vector<std::string> environment;  // "NAME=value", over what this process has
    std::vector<int> descriptors;          // kept open under the numbers they have
    const SystemUser* user = nullptr;      // null: stay
    int death_signal = 0;                  // to be sent when this process dies; 0: none
    int input = -1;                        // the descriptor for standard input; -1: /dev/null
    int output = -1;  // for standard output and error; -1: those of this process
};

// The process leads a group of its own, so that a terminal's Ctrl-C reaches only the supervisor.
Result<pid_t> start_process(const ProcessSpec& spec);

// "exited with code 1", "was killed by signal 9 (Killed)".
std::string how_it_ended(int wait_status);

// True where `user` (null: this process) may enter the directory `path`.
bool can_enter(const std::string& path, const SystemUser* user);

}  // namespace gatepost::tools
