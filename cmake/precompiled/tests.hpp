// For the test programs.
#pragma once

#include "cmake/precompiled/plain.hpp"

#include <fstream>
#include <future>
#include <random>
#include <regex>
#include <sstream>

#include <catch2/catch.hpp>
