import imp
import distutils.core
