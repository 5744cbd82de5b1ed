"""Any number of photographs, on one machine or many, from and to disks and object stores."""

from cracknet.fleet.run import FleetPlan, FleetResult, plan_fleet, run_fleet
from cracknet.fleet.work import PICTURES, FleetWork

__all__ = ["PICTURES", "FleetPlan", "FleetResult", "FleetWork", "plan_fleet", "run_fleet"]
